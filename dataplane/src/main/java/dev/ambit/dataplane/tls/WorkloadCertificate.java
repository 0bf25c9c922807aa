package dev.ambit.dataplane.tls;

import dev.ambit.model.identity.SpiffeId;
import java.math.BigInteger;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * One identity's key and certificate, and whom it trusts. Immutable (spec: ca §3).
 *
 * @param chain leaf first, then intermediates; never a root
 * @param roots trust anchors for connections that use this certificate
 */
public record WorkloadCertificate(
    SpiffeId identity, PrivateKey key, List<X509Certificate> chain, List<X509Certificate> roots) {
  public WorkloadCertificate {
    chain = List.copyOf(chain);
    roots = List.copyOf(roots);
    if (chain.isEmpty() || roots.isEmpty()) {
      throw new IllegalArgumentException(
          "certificate of "
              + identity
              + ": got "
              + chain.size()
              + " in the chain and "
              + roots.size()
              + " roots, expected at least one each");
    }
  }

  public X509Certificate leaf() {
    return chain.getFirst();
  }

  public BigInteger serial() {
    return leaf().getSerialNumber();
  }

  public Instant notBefore() {
    return leaf().getNotBefore().toInstant();
  }

  public Instant notAfter() {
    return leaf().getNotAfter().toInstant();
  }
}
