package dev.ambit.waypoint.limit;

import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.traffic.LocalRateLimit;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.server.Caller;
import io.micrometer.core.instrument.Counter;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Local rate limits of one waypoint process (ADR 0008). Buckets are counted over all loops; how
 * many there are is bounded, and those beyond share one. Thread-safe.
 */
public final class LocalLimits {
  static final int MOST_BUCKETS = 100_000;

  private static final int LONGEST_KEY = 128;
  private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Map<Key, TokenBucket> buckets = new ConcurrentHashMap<>();
  private final AtomicLong nextSweep = new AtomicLong(Long.MIN_VALUE);
  private final LongSupplier nanos;
  private final Counter limited;

  /**
   * Whose bucket it is.
   *
   * @param route "" for the limit of the destination itself
   */
  private record Key(
      String destination, int port, String route, LocalRateLimit limit, String who) {}

  /**
   * @param nanos a clock that never goes back
   */
  public LocalLimits(LongSupplier nanos, Metrics metrics) {
    this.nanos = nanos;
    this.limited =
        Counter.builder("ambit_waypoint_rate_limited")
            .description("Requests refused by local rate limits.")
            .register(metrics.registry());
  }

  /**
   * Takes a token for a request; null when there was one, else headers for the 429.
   *
   * @param route the object of the route that took it, {@code Kind namespace/name}
   */
  public @Nullable HttpHeaders refuse(Caller caller, String route, HttpAttributes request) {
    Destination.RateLimits limits = caller.destination().limits();
    long wait = 0;
    LocalRateLimit ofRoute = limits.byRoute().get(route);
    if (ofRoute != null) {
      wait = take(ofRoute, route, caller, request);
    }
    if (wait == 0 && limits.all() != null) {
      wait = take(limits.all(), "", caller, request);
    }
    return wait == 0 ? null : refusal(wait);
  }

  private HttpHeaders refusal(long wait) {
    limited.increment();
    long seconds = (wait + TimeUnit.SECONDS.toNanos(1) - 1) / TimeUnit.SECONDS.toNanos(1);
    return new DefaultHttpHeaders()
        .set("x-envoy-ratelimited", "true")
        .set("retry-after", Long.toString(seconds));
  }

  private long take(LocalRateLimit limit, String route, Caller caller, HttpAttributes request) {
    Destination destination = caller.destination();
    Key key =
        new Key(destination.name(), destination.port(), route, limit, who(limit, caller, request));
    long now = nanos.getAsLong();
    TokenBucket bucket = buckets.get(key);
    if (bucket == null) {
      bucket = added(key, now);
    }
    return bucket.take(now);
  }

  private static String who(LocalRateLimit limit, Caller caller, HttpAttributes request) {
    String who =
        switch (limit.by()) {
          case LocalRateLimit.Everybody _ -> "";
          case LocalRateLimit.Source _ -> caller.peer().toString();
          case LocalRateLimit.Header(String name) -> request.headers().joined(name);
        };
    return who == null ? "" : who.length() > LONGEST_KEY ? shortened(who) : who;
  }

  /** Long values may share a bucket, if they begin alike and hash alike. */
  private static String shortened(String who) {
    return who.substring(0, LONGEST_KEY) + "#" + who.hashCode();
  }

  private TokenBucket added(Key key, long now) {
    if (buckets.size() >= MOST_BUCKETS) {
      sweep(now);
      if (buckets.size() >= MOST_BUCKETS) {
        Key shared = new Key(key.destination, key.port, key.route, key.limit, "\n");
        return buckets.computeIfAbsent(shared, _ -> new TokenBucket(key.limit, now));
      }
    }
    return buckets.computeIfAbsent(key, _ -> new TokenBucket(key.limit, now));
  }

  /** Full buckets are as good as none. At most once a second: it looks at all of them. */
  private void sweep(long now) {
    long due = nextSweep.get();
    boolean first = due == Long.MIN_VALUE;
    if ((first || now - due >= 0) && nextSweep.compareAndSet(due, now + SWEEP_NANOS)) {
      buckets.values().removeIf(bucket -> bucket.isFull(now));
    }
  }

  int size() {
    return buckets.size();
  }
}
