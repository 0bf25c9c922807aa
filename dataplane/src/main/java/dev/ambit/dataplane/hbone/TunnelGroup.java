package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.identity.Certificates.Priority;
import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.relay.StreamLeg.StreamReset;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.Failure;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The tunnels of one key of a {@link TunnelPool}, and who waits for one. */
final class TunnelGroup implements Tunnel.Owner, Dial.Outcome {
  /** Connections that may wait for one dial; more are refused. */
  private static final int MOST_WAITERS = 10_000;

  private static final long CERTIFICATE_TIMEOUT_SECONDS = 10;

  private final TunnelPool.Key key;
  private final TunnelPool pool;

  /** Tunnels that are not retired, the newest last. */
  private final List<Tunnel> usable = new ArrayList<>(2);

  private final Set<Tunnel> open = new LinkedHashSet<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private boolean dialing;
  private @Nullable Channel dialed;
  private boolean stopped;

  TunnelGroup(TunnelPool.Key key, TunnelPool pool) {
    this.key = key;
    this.pool = pool;
  }

  /** One request that has not been answered. */
  private static final class Waiter {
    private final ConnectRequest request;
    private final Promise<TunnelPool.Stream> promise;
    private boolean retried;

    private Waiter(ConnectRequest request, Promise<TunnelPool.Stream> promise) {
      this.request = request;
      this.promise = promise;
    }
  }

  TunnelPool.Key key() {
    return key;
  }

  Collection<Tunnel> tunnels() {
    return open;
  }

  void open(ConnectRequest request, Promise<TunnelPool.Stream> promise) {
    place(new Waiter(request, promise));
  }

  private void place(Waiter waiter) {
    for (Tunnel tunnel : usable) {
      if (tunnel.hasRoom()) {
        use(tunnel, waiter);
        return;
      }
    }
    if (waiters.size() >= MOST_WAITERS) {
      waiters.removeIf(other -> other.promise.isDone());
    }
    if (waiters.size() >= MOST_WAITERS) {
      waiter.promise.tryFailure(
          new TunnelFailure(
              Failure.OVERLOADED,
              MOST_WAITERS + " connections already wait for a tunnel to " + key.nextHop()));
      return;
    }
    waiters.add(waiter);
    dialIfNeeded();
  }

  /** Serves waiters as long as {@code tunnel} has room. */
  private void serve(Tunnel tunnel) {
    while (tunnel.hasRoom()) {
      Waiter waiter = waiters.poll();
      if (waiter == null) {
        return;
      }
      if (!waiter.promise.isDone()) {
        use(tunnel, waiter);
      }
    }
  }

  private void use(Tunnel tunnel, Waiter waiter) {
    Promise<Tunnel.Opened> inner = pool.loop().newPromise();
    waiter.promise.addListener(done -> {
      if (done.isCancelled()) {
        inner.cancel(false);
      }
    });
    inner.addListener(done -> answered(tunnel, waiter, done));
    tunnel.open(waiter.request, inner);
  }

  private void answered(Tunnel tunnel, Waiter waiter, Future<? super Tunnel.Opened> answer) {
    if (answer.isSuccess()) {
      Tunnel.Opened opened = (Tunnel.Opened) answer.getNow();
      var stream = new TunnelPool.Stream(opened.leg(), opened.reply(), tunnel.peer());
      if (!waiter.promise.trySuccess(stream)) {
        opened.leg().abort();
      }
      return;
    }
    Throwable cause = answer.cause();
    if (cause instanceof StreamReset reset && reset.refused() && !waiter.retried && !stopped) {
      // The peer has not looked at it, so once more on another tunnel is safe.
      waiter.retried = true;
      if (!waiter.promise.isDone()) {
        tunnel.retire();
        place(waiter);
      }
      return;
    }
    waiter.promise.tryFailure(answer.isCancelled() ? noAnswer() : failure(cause));
  }

  private static TunnelFailure noAnswer() {
    return new TunnelFailure(
        Failure.HTTP2, "no answer to CONNECT in " + HboneSettings.REPLY_TIMEOUT.toSeconds() + " s");
  }

  private TunnelFailure failure(@Nullable Throwable cause) {
    if (cause instanceof TunnelFailure known) {
      return known;
    }
    for (Throwable inner = cause; inner != null; inner = inner.getCause()) {
      if (inner instanceof SSLException) {
        return Dial.tlsFailed(key, MeshTls.explain(inner));
      }
    }
    if (cause instanceof StreamLeg.ConnectionLost || cause == null) {
      return new TunnelFailure(Failure.HTTP2, "the tunnel to " + key.nextHop() + " closed");
    }
    return new TunnelFailure(Failure.HTTP2, String.valueOf(cause.getMessage()));
  }

  private void dialIfNeeded() {
    boolean coming = dialing || usable.stream().anyMatch(tunnel -> !tunnel.isReady());
    if (coming || stopped || waiters.isEmpty()) {
      return;
    }
    dialing = true;
    CompletableFuture<WorkloadCertificate> certificate =
        pool.identities().certificates().fetch(key.source(), Priority.REAL_TIME);
    if (certificate.isDone()) {
      dial(certificate);
    } else {
      var bounded = certificate.copy().orTimeout(CERTIFICATE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      bounded.whenComplete((_, _) -> pool.loop().execute(() -> dial(bounded)));
    }
  }

  private void dial(CompletableFuture<WorkloadCertificate> certificate) {
    if (stopped) {
      return;
    }
    WorkloadCertificate own;
    try {
      own = certificate.join();
    } catch (CompletionException | java.util.concurrent.CancellationException none) {
      Throwable cause = none.getCause() == null ? none : none.getCause();
      failed(
          new TunnelFailure(
              Failure.NO_CERTIFICATE, "no certificate for " + key.source() + ": " + cause));
      return;
    }
    dialed =
        new Dial(key, own, pool.settings(), this, this)
            .start(pool.loop(), pool.sockets(), pool.identities().tls(), pool.clock());
  }

  @Override
  public void connected(Tunnel tunnel) {
    dialing = false;
    dialed = null;
    if (stopped) {
      tunnel.channel().close();
      return;
    }
    usable.add(tunnel);
    open.add(tunnel);
    tunnel.channel().closeFuture().addListener(_ -> closed(tunnel));
    serve(tunnel);
  }

  @Override
  public void failed(TunnelFailure failure) {
    dialing = false;
    dialed = null;
    failWaiters(failure);
    forgetIfEmpty();
  }

  private void failWaiters(TunnelFailure failure) {
    for (Waiter waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
      waiter.promise.tryFailure(failure);
    }
  }

  @Override
  public void ready(Tunnel tunnel) {
    serve(tunnel);
    if (tunnel.streams() == 0 && !tunnel.hasRoom() && !tunnel.isRetired()) {
      failWaiters(
          new TunnelFailure(Failure.HTTP2, key.nextHop() + " allows no streams in its tunnels"));
    }
    if (tunnel.streams() == 0) {
      closeWhenUnused(tunnel);
    }
    dialIfNeeded();
  }

  @Override
  public void streamEnded(Tunnel tunnel) {
    serve(tunnel);
    if (tunnel.streams() == 0 && !tunnel.isRetired()) {
      closeWhenUnused(tunnel);
    }
  }

  private void closeWhenUnused(Tunnel tunnel) {
    if (tunnel.releaseScheduled()) {
      return;
    }
    long due = tunnel.lastUse() + pool.settings().unusedRelease().toNanos();
    long wait = Math.max(0, due - pool.loop().ticker().nanoTime());
    tunnel.releaseTimer(
        pool.loop()
            .schedule(
                () -> {
                  tunnel.releaseTimer(null);
                  releaseIfUnused(tunnel);
                },
                wait,
                TimeUnit.NANOSECONDS));
  }

  private void releaseIfUnused(Tunnel tunnel) {
    if (tunnel.streams() > 0 || tunnel.isRetired()) {
      return;
    }
    long due = tunnel.lastUse() + pool.settings().unusedRelease().toNanos();
    if (due - pool.loop().ticker().nanoTime() <= 0) {
      tunnel.retire();
    } else {
      closeWhenUnused(tunnel);
    }
  }

  @Override
  public void retired(Tunnel tunnel) {
    usable.remove(tunnel);
    if (!tunnel.isReady()) {
      failWaiters(failure(tunnel.brokenBy()));
    }
    dialIfNeeded();
  }

  private void closed(Tunnel tunnel) {
    Future<?> timer = tunnel.releaseTimer(null);
    if (timer != null) {
      timer.cancel(false);
    }
    open.remove(tunnel);
    forgetIfEmpty();
  }

  private void forgetIfEmpty() {
    if (open.isEmpty() && waiters.isEmpty() && !dialing) {
      pool.forget(this);
    }
  }

  void drain() {
    List.copyOf(usable).forEach(Tunnel::retire);
  }

  void stop() {
    stopped = true;
    failWaiters(new TunnelFailure(Failure.DRAINED, "the pod is gone"));
    if (dialed != null) {
      dialed.close();
    }
    List.copyOf(open).forEach(tunnel -> tunnel.channel().close());
  }
}
