package dev.ambit.waypoint.upstream.link;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
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

  /** How long a failure counts, or the last good answer after one. */
  private static final Duration FAILED = Duration.ofSeconds(5);

  private static final InetAddress[] NONE = {};

  private final InstantSource clock;
  private final Lookup lookup;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final Map<String, List<Promise<InetAddress>>> asked = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor lookups =
      new ThreadPoolExecutor(
          0,
          MOST_LOOKUPS,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("names").factory());

  /** Who knows names; may block. */
  @FunctionalInterface
  interface Lookup {
    InetAddress[] find(String name) throws UnknownHostException;
  }

  public Names(InstantSource clock) {
    this(clock, InetAddress::getAllByName);
  }

  Names(InstantSource clock, Lookup lookup) {
    this.clock = clock;
    this.lookup = lookup;
  }

  /** No addresses: it is not known to DNS. */
  private record Known(InetAddress[] addresses, Instant until) {}

  /**
   * One of the addresses of {@code name}, at random. An answer that is no longer fresh is used once
   * more while the next one is looked up, and as long as DNS fails. Fails with {@link LinkFailure}
   * only.
   */
  Future<InetAddress> resolve(String name, EventLoop loop) {
    Known found = known.get(name);
    if (found == null) {
      return ask(name, loop);
    }
    boolean fresh = clock.instant().isBefore(found.until);
    if (found.addresses.length == 0) {
      return fresh ? loop.newFailedFuture(unknown(name)) : ask(name, loop);
    }
    if (!fresh) {
      var _ = ask(name, loop);
    }
    return loop.newSucceededFuture(any(found.addresses));
  }

  /** One look-up for all who ask at the same time. */
  private Future<InetAddress> ask(String name, EventLoop loop) {
    Promise<InetAddress> promise = loop.newPromise();
    boolean[] first = {false};
    asked.compute(
        name,
        (_, before) -> {
          first[0] = before == null;
          List<Promise<InetAddress>> next = before == null ? new ArrayList<>() : before;
          next.add(promise);
          return next;
        });
    if (first[0]) {
      try {
        lookups.execute(() -> lookUp(name));
      } catch (RejectedExecutionException busy) {
        LinkFailure why = new LinkFailure("name " + name + ": " + MOST_LOOKUPS + " look-ups hang");
        answered(name).forEach(each -> each.tryFailure(why));
      }
    }
    return promise;
  }

  private List<Promise<InetAddress>> answered(String name) {
    List<Promise<InetAddress>> all = asked.remove(name);
    return all == null ? List.of() : all;
  }

  private void lookUp(String name) {
    try {
      InetAddress[] addresses = lookup.find(name);
      keep(name, addresses, FRESH);
      answered(name).forEach(each -> each.trySuccess(any(addresses)));
    } catch (UnknownHostException failed) {
      Known before = known.get(name);
      keep(name, before == null ? NONE : before.addresses, FAILED);
      answered(name).forEach(each -> each.tryFailure(unknown(name)));
    }
  }

  private void keep(String name, InetAddress[] addresses, Duration time) {
    if (known.size() >= MOST_NAMES) {
      known.clear();
    }
    known.put(name, new Known(addresses, clock.instant().plus(time)));
  }

  private static LinkFailure unknown(String name) {
    return new LinkFailure("name " + name + " is not known to DNS");
  }

  private static InetAddress any(InetAddress[] addresses) {
    return addresses[ThreadLocalRandom.current().nextInt(addresses.length)];
  }

  /** Ends look-ups under way. */
  public void close() {
    lookups.shutdownNow();
  }
}
