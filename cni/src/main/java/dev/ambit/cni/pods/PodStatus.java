package dev.ambit.cni.pods;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import java.time.Instant;
import java.util.List;

/**
 * Where a pod stands, for operators.
 *
 * @param reason a sentence
 * @param since when {@code state} began
 * @param unproxied its connections that are older than its enrolment and still pass ztunnel by
 */
public record PodStatus(
    String uid,
    String namespace,
    String name,
    State state,
    String reason,
    Instant since,
    List<Unproxied> unproxied) {
  /** As the annotation {@code ambient.istio.io/redirection} has it. */
  public enum State {
    NONE,
    PENDING,
    ENABLED
  }

  /** One such connection and when it was first seen. */
  public record Unproxied(TcpSocket socket, Instant since) {}

  public PodStatus {
    unproxied = List.copyOf(unproxied);
  }
}
