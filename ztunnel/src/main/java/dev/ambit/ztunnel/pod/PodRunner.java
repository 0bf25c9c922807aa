package dev.ambit.ztunnel.pod;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Starts the proxy of a pod; the seam between the roster of pods and the data path. */
public interface PodRunner {
  /**
   * Binds every listener in the pod's network, then completes; fails when one cannot be bound, with
   * nothing left behind. Takes over {@code pod.network()} when it succeeds.
   */
  CompletableFuture<Running> start(LocalPod pod);

  /** A pod with open listeners. */
  interface Running {
    /**
     * Ends the proxy: new outbound connections are no longer taken, tunnels into the pod still are,
     * until no connection is left or {@code deadline} passes; then what is left ends with FIN.
     */
    CompletableFuture<Void> drain(Duration deadline);

    /** Ends everything now; the pod is gone. */
    void stop();

    /** The pool of this pod. */
    List<TunnelRow> tunnels();
  }

  /** One tunnel, for {@code ambit tunnels}. */
  record TunnelRow(
      String podUid,
      String direction,
      String local,
      String remote,
      String sourceIdentity,
      String destinationIdentity,
      int streams,
      long openedEpochSeconds,
      String state) {}
}
