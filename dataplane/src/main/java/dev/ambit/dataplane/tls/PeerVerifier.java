package dev.ambit.dataplane.tls;

import dev.ambit.model.identity.SpiffeId;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the other end of a handshake is who it must be (spec: hbone §2.2, §2.3). Clients
 * must show one SPIFFE identity of our trust domain, servers one of the identities expected of
 * them; both with a chain to our roots. Host names mean nothing here. Thread-safe.
 */
final class PeerVerifier extends X509ExtendedTrustManager {
  private static final int URI_NAME = 6;
  private static final String ANY_USE = "2.5.29.37.0";
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

  private final SpiffeId self;
  private final RevocationLists revocations;
  private final Set<TrustAnchor> anchors;
  private final Set<X509Certificate> roots;

  /** What the server of each handshake must show; a handshake not in here fails. */
  private final Map<String, Set<SpiffeId>> expected = new ConcurrentHashMap<>();

  PeerVerifier(WorkloadCertificate own, RevocationLists revocations) {
    this.revocations = revocations;
    this.self = own.identity();
    this.roots = Set.copyOf(own.roots());
    this.anchors =
        own.roots().stream()
            .map(root -> new TrustAnchor(root, null))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** The identity of the peer of a finished handshake: its only URI SAN. */
  static SpiffeId identity(X509Certificate leaf) throws CertificateException {
    List<String> uris = uris(leaf);
    if (uris.size() != 1) {
      throw new CertificateException(
          "peer certificate: got " + uris.size() + " URI names " + uris + ", expected exactly one");
    }
    return SpiffeId.parse(uris.getFirst())
        .orElseThrow(() ->
            new CertificateException(
                "peer certificate: got URI name \""
                    + uris.getFirst()
                    + "\", expected spiffe://<trust domain>/ns/<namespace>/sa/<account>"));
  }

  private static List<String> uris(X509Certificate leaf) throws CertificateParsingException {
    Collection<List<?>> names = leaf.getSubjectAlternativeNames();
    return names == null
        ? List.of()
        : names.stream()
            .filter(name -> name.get(0).equals(URI_NAME))
            .map(name -> String.valueOf(name.get(1)))
            .toList();
  }

  /**
   * The server met in {@code handshake} must be one of {@code peers}.
   *
   * @param handshake the name the engine was given for its peer. The engine itself will not do:
   *     what verifies and what the handler has may be a wrapper apart
   */
  void expect(String handshake, Set<SpiffeId> peers) {
    expected.put(handshake, peers);
  }

  void forget(String handshake) {
    expected.remove(handshake);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    SpiffeId peer = checkChain(chain, CLIENT_AUTH);
    if (!peer.trustDomain().equals(self.trustDomain())) {
      throw new CertificateException(
          "client identity: got " + peer + ", expected trust domain " + self.trustDomain());
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    SpiffeId peer = checkChain(chain, SERVER_AUTH);
    String handshake = engine.getPeerHost();
    Set<SpiffeId> peers = handshake == null ? null : expected.get(handshake);
    if (peers == null) {
      throw withoutEngine();
    }
    if (!peers.contains(peer)) {
      throw new CertificateException(
          "server identity: got "
              + peer
              + ", expected "
              + peers.stream()
                  .map(SpiffeId::toString)
                  .sorted()
                  .collect(Collectors.joining(" or ")));
    }
  }

  private SpiffeId checkChain(X509Certificate @Nullable [] chain, String use)
      throws CertificateException {
    if (chain == null || chain.length == 0) {
      throw new CertificateException("peer certificate: got none, expected a chain");
    }
    X509Certificate leaf = chain[0];
    List<String> uses = leaf.getExtendedKeyUsage();
    if (uses != null && !uses.contains(use) && !uses.contains(ANY_USE)) {
      throw new CertificateException(
          "peer certificate: got extended key usage " + uses + ", expected " + use);
    }
    // A root sent along is neither needed nor trusted for being sent.
    List<X509Certificate> path =
        Arrays.stream(chain).filter(certificate -> !roots.contains(certificate)).toList();
    if (path.isEmpty()) {
      throw new CertificateException("peer certificate: got a trust root, expected a leaf");
    }
    try {
      PKIXParameters parameters = new PKIXParameters(new HashSet<>(anchors));
      parameters.setRevocationEnabled(false);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (GeneralSecurityException untrusted) {
      throw new CertificateException(
          "peer certificate of " + uris(leaf) + ": " + untrusted.getMessage(), untrusted);
    }
    X509Certificate revoked = revocations.revoked(path, roots);
    if (revoked != null) {
      revocations.count(use.equals(CLIENT_AUTH));
      throw new CertificateException(
          "peer certificate of "
              + uris(leaf)
              + ": certificate "
              + revoked.getSerialNumber().toString(16)
              + " is revoked by CRL");
    }
    return identity(leaf);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw withoutEngine();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw withoutEngine();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw withoutEngine();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw withoutEngine();
  }

  private static CertificateException withoutEngine() {
    return new CertificateException("verification without an engine: not one of our handshakes");
  }

  /** Empty: naming acceptable issuers would tell strangers our roots and helps no peer. */
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
