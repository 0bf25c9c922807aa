package dev.ambit.dataplane.identity;

import dev.ambit.dataplane.controlplane.Pem;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a CA answered, after every check (spec: ca §1, §3).
 *
 * @param chain leaf, then intermediates
 * @param roots the trust anchors that came along
 */
record IssuedChain(List<X509Certificate> chain, List<X509Certificate> roots) {
  private static final int URI_NAME = 6;

  /** An answer that must not be used, and why. */
  static final class Unacceptable extends RuntimeException {
    Unacceptable(String message) {
      super(message);
    }
  }

  /**
   * @param answer leaf, intermediates, and last the roots, each as PEM
   * @param uri the one name the leaf must have
   */
  static IssuedChain check(List<String> answer, String uri, PublicKey key, Instant now) {
    if (answer.isEmpty()) {
      throw new Unacceptable("certificate chain: got nothing, expected a leaf and a root");
    }
    List<X509Certificate> chain = new ArrayList<>();
    List<X509Certificate> roots = List.of();
    try {
      // A leaf alone is named as such, even before it is judged.
      chain.add(Pem.certificates(answer.getFirst()).getFirst());
      for (String intermediate : answer.subList(1, Math.max(1, answer.size() - 1))) {
        chain.addAll(Pem.certificates(intermediate));
      }
      if (answer.size() == 1) {
        throw new Unacceptable("no root certificate present");
      }
      roots = Pem.certificates(answer.getLast());
    } catch (Pem.Malformed malformed) {
      throw new Unacceptable("certificate chain: " + malformed.getMessage());
    }
    X509Certificate leaf = chain.getFirst();
    requireName(leaf, uri);
    if (!leaf.getPublicKey().equals(key)) {
      throw new Unacceptable("certificate of " + uri + ": is for another key than the requested");
    }
    requireTrust(chain, roots, now);
    return new IssuedChain(chain, roots);
  }

  static void requireName(X509Certificate leaf, String uri) {
    List<String> names = uris(leaf);
    if (!names.equals(List.of(uri))) {
      throw new Unacceptable("certificate's URI names: got " + names + ", expected only " + uri);
    }
  }

  private static List<String> uris(X509Certificate leaf) {
    try {
      Collection<List<?>> names = leaf.getSubjectAlternativeNames();
      if (names == null) {
        return List.of();
      }
      return names.stream()
          .filter(name -> name.getFirst().equals(URI_NAME))
          .map(name -> String.valueOf(name.get(1)))
          .toList();
    } catch (CertificateException malformed) {
      throw new Unacceptable("certificate's names: " + malformed.getMessage());
    }
  }

  static void requireTrust(List<X509Certificate> chain, List<X509Certificate> roots, Instant now) {
    Set<TrustAnchor> anchors =
        roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
    try {
      PKIXParameters rules = new PKIXParameters(anchors);
      rules.setRevocationEnabled(false);
      rules.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(chain), rules);
    } catch (GeneralSecurityException untrusted) {
      throw new Unacceptable("certificate chain does not lead to its roots: " + untrusted);
    }
  }
}
