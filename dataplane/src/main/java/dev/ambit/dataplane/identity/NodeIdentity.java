package dev.ambit.dataplane.identity;

import dev.ambit.daemon.Log;
import dev.ambit.dataplane.controlplane.ClientCertificate;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.Pem;
import dev.ambit.dataplane.controlplane.TrustRoots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The node's own certificate: got for a join token, kept in a folder (mode 0600), renewed when half
 * of its life is over, got anew when the control plane no longer accepts it (design: house §5 #24).
 * It proves the node, and is no workload identity on purpose. Thread-safe; {@link #current} blocks
 * while it joins.
 */
public final class NodeIdentity implements ClientCredentials {
  private static final Log LOG = Log.scope("node");
  private static final String NODE = "AmbitNode";
  private static final String CERTIFICATE_FILE = "node-cert.pem";
  private static final String KEY_FILE = "node-key.pem";

  /**
   * @param state folder for certificate and key
   * @param roots what a kept certificate must lead to
   */
  public record Node(String name, String trustDomain, Path state, TrustRoots roots) {
    String uri() {
      return "spiffe://" + trustDomain + "/ambit/node/" + name;
    }
  }

  /** The node has no certificate the control plane would accept, and why. */
  public static final class NotJoined extends RuntimeException {
    NotJoined(String node, String reason) {
      super("node " + node + " has not joined: " + reason);
    }
  }

  private final Node node;
  private final IstioCa.Authority authority;
  private final Duration validity;
  private final InstantSource clock;
  private @Nullable ClientCertificate certificate;
  private boolean looked;
  private boolean rejected;

  /**
   * @param authority asked with the join token
   */
  public NodeIdentity(
      Node node, IstioCa.Authority authority, Duration validity, InstantSource clock) {
    this.node = node;
    this.authority = authority;
    this.validity = validity;
    this.clock = clock;
  }

  @Override
  public synchronized Optional<ClientCertificate> current() {
    if (!looked) {
      looked = true;
      certificate = kept();
    }
    ClientCertificate now = certificate;
    if (now == null || rejected || halfOver(now)) {
      try {
        now = join();
        certificate = now;
        rejected = false;
      } catch (RuntimeException refused) {
        if (now == null || rejected || !clock.instant().isBefore(end(now))) {
          throw new NotJoined(node.name(), String.valueOf(refused.getMessage()));
        }
        LOG.warn("node certificate not renewed", "error", String.valueOf(refused.getMessage()));
      }
    }
    return Optional.of(now);
  }

  @Override
  public synchronized void rejected() {
    rejected = true;
  }

  private boolean halfOver(ClientCertificate held) {
    X509Certificate leaf = held.chain().getFirst();
    Instant begin = leaf.getNotBefore().toInstant();
    Instant half = begin.plus(Duration.between(begin, end(held)).dividedBy(2));
    return !clock.instant().isBefore(half);
  }

  private static Instant end(ClientCertificate held) {
    return held.chain().getFirst().getNotAfter().toInstant();
  }

  private ClientCertificate join() {
    SigningRequest request = SigningRequest.of(node.uri());
    List<String> answer = authority.sign(request.pem(), validity, Map.of(NODE, node.name()));
    IssuedChain issued =
        IssuedChain.check(answer, node.uri(), request.keys().getPublic(), clock.instant());
    ClientCertificate joined = new ClientCertificate(request.keys().getPrivate(), issued.chain());
    keep(joined);
    LOG.info("node joined", "identity", node.uri(), "expires", end(joined).toString());
    return joined;
  }

  private void keep(ClientCertificate joined) {
    try {
      Files.createDirectories(node.state());
      write(KEY_FILE, Pem.encode("PRIVATE KEY", joined.key().getEncoded()));
      write(CERTIFICATE_FILE, Pem.encode(joined.chain()));
    } catch (IOException unwritable) {
      // The certificate is good for this life of the process; the next one joins again.
      LOG.warn(
          "node certificate not kept",
          "folder",
          node.state().toString(),
          "error",
          unwritable.toString());
    }
  }

  private void write(String name, String text) throws IOException {
    Path fresh =
        Files.createTempFile(
            node.state(),
            name,
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(fresh, text);
    Files.move(fresh, node.state().resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  /** What an earlier life of this process kept, when it can still be used. */
  private @Nullable ClientCertificate kept() {
    Path certificateFile = node.state().resolve(CERTIFICATE_FILE);
    if (!Files.exists(certificateFile)) {
      return null;
    }
    try {
      List<X509Certificate> chain = Pem.certificates(Files.readString(certificateFile));
      PrivateKey key = Pem.privateKey(Files.readString(node.state().resolve(KEY_FILE)));
      IssuedChain.requireName(chain.getFirst(), node.uri());
      requirePair(key, chain.getFirst());
      if (!node.roots().system()) {
        IssuedChain.requireTrust(chain, node.roots().certificates(), clock.instant());
      }
      return new ClientCertificate(key, chain);
    } catch (IOException | GeneralSecurityException | RuntimeException unusable) {
      LOG.warn("kept node certificate not used", "error", String.valueOf(unusable.getMessage()));
      return null;
    }
  }

  private static void requirePair(PrivateKey key, X509Certificate leaf)
      throws GeneralSecurityException {
    byte[] probe = {1};
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(key);
    signer.update(probe);
    byte[] signature = signer.sign();
    signer.initVerify(leaf.getPublicKey());
    signer.update(probe);
    if (!signer.verify(signature)) {
      throw new GeneralSecurityException("the kept key is not the one of the kept certificate");
    }
  }
}
