package dev.ambit.waypoint.limit;

import dev.ambit.model.traffic.LocalRateLimit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bucket of tokens as one number: the moment at which it would be full again. Thread-safe without
 * locks; the clock is the caller's and may stand still, but never goes back.
 */
final class TokenBucket {
  private final long interval;
  private final long capacity;
  private final AtomicLong fullAt;

  /**
   * @param now nanoseconds; it begins full
   */
  TokenBucket(LocalRateLimit limit, long now) {
    this.interval = Math.max(1, limit.per().toNanos() / limit.tokens());
    this.capacity = saturated(interval, limit.burst());
    this.fullAt = new AtomicLong(now);
  }

  private static long saturated(long interval, long burst) {
    long most = Long.MAX_VALUE / 4;
    return burst > most / interval ? most : interval * burst;
  }

  /** Takes a token: 0, or how many nanoseconds it is to the next one. */
  long take(long now) {
    while (true) {
      long before = fullAt.get();
      long from = before - now > 0 ? before : now;
      long after = from + interval;
      long missing = after - now - capacity;
      if (missing > 0) {
        return missing;
      } else if (fullAt.compareAndSet(before, after)) {
        return 0;
      }
    }
  }

  /** Whether it is as good as a new one. */
  boolean isFull(long now) {
    return fullAt.get() - now <= 0;
  }
}
