package dev.ambit.ztunnel.proxy;

import dev.ambit.daemon.Published;
import dev.ambit.model.mesh.MeshView;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Something that the mesh may say later than it is needed. Thread-safe. */
final class Awaited<T> implements AutoCloseable {
  private final Published<MeshView> mesh;
  private final Function<MeshView, Optional<T>> what;

  /** What all who wait share; null when nobody does. */
  private final AtomicReference<@Nullable CompletableFuture<T>> coming = new AtomicReference<>();

  Awaited(Published<MeshView> mesh, Function<MeshView, Optional<T>> what) {
    this.mesh = mesh;
    this.what = what;
  }

  Optional<T> now() {
    return what.apply(mesh.get());
  }

  /** Complete already when it is known; fails when it stays away longer than {@code limit}. */
  CompletableFuture<T> within(Duration limit) {
    Optional<T> known = now();
    if (known.isPresent()) {
      return CompletableFuture.completedFuture(known.get());
    }
    CompletableFuture<T> mine = new CompletableFuture<>();
    CompletableFuture<T> others = coming.compareAndExchange(null, mine);
    if (others == null) {
      follow(mine);
    }
    return (others == null ? mine : others)
        .copy()
        .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void follow(CompletableFuture<T> waiting) {
    // Follow first, then read, or a change in between would be missed.
    Runnable unfollow = mesh.follow(view -> what.apply(view).ifPresent(waiting::complete));
    now().ifPresent(waiting::complete);
    waiting.whenComplete((_, _) -> {
      coming.compareAndSet(waiting, null);
      unfollow.run();
    });
  }

  /** Fails everyone who waits. */
  @Override
  public void close() {
    CompletableFuture<T> waiting = coming.get();
    if (waiting != null) {
      waiting.cancel(false);
    }
  }
}
