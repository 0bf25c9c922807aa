package dev.ambit.waypoint.upstream.link;

import dev.ambit.model.object.TrafficPolicy.ClientTls;
import io.netty.util.NetUtil;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether an application is the one that was asked for: a chain to the roots, and one of
 * the names of the rule, else the server name, in its certificate (spec: traffic-policy §7).
 * Thread-safe.
 */
final class EndpointVerifier extends X509ExtendedTrustManager {
  private static final int DNS_NAME = 2;

  private final @Nullable X509ExtendedTrustManager chains;
  private final List<String> names;

  private EndpointVerifier(@Nullable X509ExtendedTrustManager chains, List<String> names) {
    this.chains = chains;
    this.names = names;
  }

  /**
   * @param roots PEM, null for those of the system
   */
  static EndpointVerifier of(ClientTls tls, byte @Nullable [] roots) throws IOException {
    if (tls.insecureSkipVerify()) {
      return new EndpointVerifier(null, List.of());
    }
    try {
      return new EndpointVerifier(chains(roots), tls.subjectAltNames());
    } catch (GeneralSecurityException unusable) {
      throw new IOException("caCertificates: " + unusable.getMessage(), unusable);
    }
  }

  private static X509ExtendedTrustManager chains(byte @Nullable [] roots)
      throws GeneralSecurityException, IOException {
    KeyStore store = null;
    if (roots != null) {
      store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (Certificate root :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(roots))) {
        store.setCertificateEntry("root" + number++, root);
      }
      if (number == 0) {
        throw new IOException("caCertificates: got no certificate, expected PEM");
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new GeneralSecurityException("no trust manager for X.509");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    if (chains == null) {
      return;
    }
    // Without the engine: host names are compared below, by the names of the rule.
    chains.checkServerTrusted(chain, authType);
    String host = engine.getPeerHost();
    List<String> wanted =
        !names.isEmpty() ? names : host == null || host.isEmpty() ? List.of() : List.of(host);
    if (wanted.isEmpty()) {
      return;
    }
    List<String> got = new ArrayList<>();
    Collection<List<?>> shown = chain[0].getSubjectAlternativeNames();
    for (List<?> name : shown == null ? List.<List<?>>of() : shown) {
      String text = String.valueOf(name.get(1));
      boolean dns = name.get(0).equals(DNS_NAME);
      got.add(text);
      for (String each : wanted) {
        if (matches(text, each, dns)) {
          return;
        }
      }
    }
    throw new CertificateException(
        "certificate names: got " + got + ", expected " + String.join(" or ", wanted));
  }

  /** A DNS name of a certificate may begin with a star for one label. */
  static boolean matches(String shown, String wanted, boolean dns) {
    if (!dns) {
      return shown.equals(wanted) || sameAddress(shown, wanted);
    }
    String name = shown.toLowerCase(Locale.ROOT);
    String host = wanted.toLowerCase(Locale.ROOT);
    if (!name.startsWith("*.")) {
      return name.equals(host);
    }
    int dot = host.indexOf('.');
    return dot > 0 && host.substring(dot).equals(name.substring(1));
  }

  private static boolean sameAddress(String one, String other) {
    byte[] address = NetUtil.createByteArrayFromIpAddressString(one);
    return address != null
        && java.util.Arrays.equals(address, NetUtil.createByteArrayFromIpAddressString(other));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw notAServer();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw notAServer();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw notAServer();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw notAServer();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw notAServer();
  }

  private static CertificateException notAServer() {
    return new CertificateException("a handshake without an engine cannot be verified");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return chains == null ? new X509Certificate[0] : chains.getAcceptedIssuers();
  }
}
