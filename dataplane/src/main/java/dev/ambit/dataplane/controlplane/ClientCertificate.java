package dev.ambit.dataplane.controlplane;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** What this node shows to the control plane. {@code chain}: leaf first. */
public record ClientCertificate(PrivateKey key, List<X509Certificate> chain) {
  public ClientCertificate {
    chain = List.copyOf(chain);
  }
}
