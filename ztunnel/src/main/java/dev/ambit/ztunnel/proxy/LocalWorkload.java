package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Published;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.workload.Workload;
import dev.ambit.ztunnel.pod.LocalPod;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The workload of a pod as the control plane knows it, which may be later than the pod itself, and
 * its policies, which may be later still. Thread-safe.
 */
final class LocalWorkload implements AutoCloseable {
  private final LocalPod pod;
  private final Awaited<Workload> known;
  private final Awaited<Workload> governed;

  LocalWorkload(LocalPod pod, Published<MeshView> mesh) {
    this.pod = pod;
    this.known = new Awaited<>(mesh, this::in);
    this.governed =
        new Awaited<>(
            mesh,
            view -> in(view).filter(workload -> Authorizer.missing(view, workload).isEmpty()));
  }

  private Optional<Workload> in(MeshView view) {
    return view.pod(pod.namespace(), pod.name(), pod.serviceAccount());
  }

  /** It did not become known in time. */
  static final class Unknown extends RuntimeException {
    Unknown(LocalPod pod) {
      super(unknown(pod), null, false, false);
    }
  }

  /** The sentence about a pod that the control plane has not told of. */
  static String unknown(LocalPod pod) {
    return "failed to fetch information about local workload: "
        + pod.serviceAccount()
        + "."
        + pod.namespace()
        + " ("
        + pod.name()
        + ")";
  }

  Optional<Workload> now() {
    return known.now();
  }

  /** The workload: complete already when it is known, {@link Unknown} when it stays away. */
  CompletableFuture<Workload> await() {
    CompletableFuture<Workload> workload = known.within(ProxySettings.WORKLOAD_TIMEOUT);
    return workload.isDone() && !workload.isCompletedExceptionally()
        ? workload
        : workload.exceptionallyCompose(_ -> CompletableFuture.failedFuture(new Unknown(pod)));
  }

  /**
   * Complete as soon as every policy that the workload names is known; fails when one stays away.
   */
  CompletableFuture<Workload> awaitPolicies() {
    return governed.within(ProxySettings.POLICY_TIMEOUT);
  }

  /** Fails everyone who waits. */
  @Override
  public void close() {
    known.close();
    governed.close();
  }
}
