package dev.ambit.controller.ca;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;

/**
 * The controller's own certificate, signed by its own authority and renewed in place: new
 * handshakes see the new one, open connections live on. Thread-safe.
 */
public final class ServerIdentity {
  private static final Duration LIFETIME = Duration.ofHours(24);
  private static final String ALIAS = "server";

  private final Signer signer;
  private final List<GeneralName> names;
  private volatile Held held;

  private record Held(PrivateKey key, X509Certificate[] chain) {}

  /**
   * @param names DNS names and IP addresses, beside localhost
   */
  public ServerIdentity(Signer signer, List<String> names) {
    this.signer = signer;
    Set<String> all = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "::1"));
    all.addAll(names);
    this.names = all.stream().map(ServerIdentity::name).toList();
    this.held = issue();
  }

  /** Replaces key and certificate when half of their life has passed; run this now and then. */
  public void renewIfDue() {
    Instant due = held.chain()[0].getNotAfter().toInstant().minus(LIFETIME.dividedBy(2));
    if (!signer.clock().instant().isBefore(due)) {
      held = issue();
    }
  }

  private static GeneralName name(String name) {
    try {
      return new GeneralName(GeneralName.iPAddress, InetAddress.ofLiteral(name).getHostAddress());
    } catch (IllegalArgumentException e) {
      return new GeneralName(GeneralName.dNSName, name);
    }
  }

  private Held issue() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      List<X509Certificate> chain = new ArrayList<>();
      chain.add(signer.sign(pair.getPublic(), names, LIFETIME, Signer.Purpose.SERVER));
      chain.addAll(signer.roots().intermediates());
      return new Held(pair.getPrivate(), chain.toArray(X509Certificate[]::new));
    } catch (GeneralSecurityException e) {
      throw new Signer.CannotSign("no EC keys in this JDK", e);
    }
  }

  /** Shows the certificate to clients. */
  public KeyManager keyManager() {
    return new CurrentKey();
  }

  /** Accepts client certificates of this authority; what they name is for others to judge. */
  public TrustManager[] trustManagers() {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load((KeyStore.LoadStoreParameter) null);
      for (X509Certificate root : signer.roots().roots()) {
        store.setCertificateEntry("root" + store.size(), root);
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      return factory.getTrustManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new Signer.CannotSign("the roots cannot be trusted by this JDK", e);
    }
  }

  /** Always the latest key. */
  private final class CurrentKey extends X509ExtendedKeyManager {
    @Override
    public String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return ALIAS;
    }

    @Override
    public String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return ALIAS;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return held.chain().clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return held.key();
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }
  }
}
