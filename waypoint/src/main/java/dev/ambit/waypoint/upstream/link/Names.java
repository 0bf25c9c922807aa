package dev.ambit.waypoint.upstream.link;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Looks up endpoints that have a name for an address, off the loops. Thread-safe. */
public final class Names {
  private static final Duration FRESH = Duration.ofSeconds(30);
  private static final int MOST_NAMES = 10_000;
  private static final int MOST_LOOKUPS = 8;

  private final InstantSource clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor lookups =
      new ThreadPoolExecutor(
          0,
          MOST_LOOKUPS,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("names").factory());

  public Names(InstantSource clock) {
    this.clock = clock;
  }

  private record Known(InetAddress[] addresses, Instant until) {}

  /** One of the addresses of {@code name}, at random. Fails with {@link LinkFailure} only. */
  Future<InetAddress> resolve(String name, EventLoop loop) {
    Known fresh = known.get(name);
    if (fresh != null && clock.instant().isBefore(fresh.until)) {
      return loop.newSucceededFuture(any(fresh.addresses));
    }
    Promise<InetAddress> promise = loop.newPromise();
    try {
      lookups.execute(() -> lookUp(name, promise));
    } catch (RejectedExecutionException busy) {
      promise.setFailure(new LinkFailure("name " + name + ": " + MOST_LOOKUPS + " look-ups hang"));
    }
    return promise;
  }

  private void lookUp(String name, Promise<InetAddress> promise) {
    try {
      InetAddress[] addresses = InetAddress.getAllByName(name);
      if (known.size() >= MOST_NAMES) {
        known.clear();
      }
      known.put(name, new Known(addresses, clock.instant().plus(FRESH)));
      promise.setSuccess(any(addresses));
    } catch (UnknownHostException unknown) {
      promise.setFailure(new LinkFailure("name " + name + " is not known to DNS"));
    }
  }

  private static InetAddress any(InetAddress[] addresses) {
    return addresses[ThreadLocalRandom.current().nextInt(addresses.length)];
  }

  /** Ends look-ups under way. */
  public void close() {
    lookups.shutdownNow();
  }
}
