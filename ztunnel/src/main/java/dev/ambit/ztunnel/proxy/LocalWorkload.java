package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Published;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import dev.ambit.ztunnel.pod.LocalPod;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The workload of a pod as the control plane knows it, which may be later than the pod itself.
 * Thread-safe.
 */
final class LocalWorkload implements AutoCloseable {
  private final LocalPod pod;
  private final Published<MeshView> mesh;

  /** What all who wait share; null when nobody does. */
  private final AtomicReference<@Nullable CompletableFuture<Workload>> coming =
      new AtomicReference<>();

  LocalWorkload(LocalPod pod, Published<MeshView> mesh) {
    this.pod = pod;
    this.mesh = mesh;
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
    return in(mesh.get());
  }

  private Optional<Workload> in(MeshView view) {
    return view.pod(pod.namespace(), pod.name(), pod.serviceAccount());
  }

  /** The workload: complete already when it is known, {@link Unknown} when it stays away. */
  CompletableFuture<Workload> await() {
    Optional<Workload> known = now();
    if (known.isPresent()) {
      return CompletableFuture.completedFuture(known.get());
    }
    CompletableFuture<Workload> mine = new CompletableFuture<>();
    CompletableFuture<Workload> others = coming.compareAndExchange(null, mine);
    if (others == null) {
      follow(mine);
    }
    return (others == null ? mine : others)
        .copy()
        .orTimeout(ProxySettings.WORKLOAD_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(_ -> CompletableFuture.failedFuture(new Unknown(pod)));
  }

  private void follow(CompletableFuture<Workload> waiting) {
    // Follow first, then read, or a change in between would be missed.
    Runnable unfollow = mesh.follow(view -> in(view).ifPresent(waiting::complete));
    now().ifPresent(waiting::complete);
    waiting.whenComplete((_, _) -> {
      coming.compareAndSet(waiting, null);
      unfollow.run();
    });
  }

  /** Fails everyone who waits. */
  @Override
  public void close() {
    CompletableFuture<Workload> waiting = coming.get();
    if (waiting != null) {
      waiting.completeExceptionally(new Unknown(pod));
    }
  }
}
