package dev.ambit.dataplane.identity;

import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import java.util.concurrent.CompletableFuture;

/** Where the data path gets certificates from. Thread-safe; never blocks. */
public interface Certificates {
  /** How urgent a certificate is: a connection waits, a pod has come, a renewal is due. */
  enum Priority {
    REAL_TIME,
    WARMUP,
    BACKGROUND
  }

  /**
   * The newest certificate of {@code identity}: already complete when there is one, failed at once
   * while the CA is known not to give it, else pending (spec: ca §5.1). Fails with {@link
   * Unavailable}.
   */
  CompletableFuture<WorkloadCertificate> fetch(SpiffeId identity, Priority priority);

  /** There is no certificate of an identity now, and why. */
  final class Unavailable extends RuntimeException {
    public Unavailable(SpiffeId identity, String reason) {
      super("no certificate for " + identity + ": " + reason, null, false, false);
    }
  }
}
