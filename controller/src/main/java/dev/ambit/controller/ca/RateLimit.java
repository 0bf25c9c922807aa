package dev.ambit.controller.ca;

import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** How many certificates one node may ask for: a bucket that refills. Thread-safe. */
final class RateLimit {
  /** A node that starts again needs one certificate for each identity on it, at once. */
  private static final double BURST = 500;

  private static final double PER_SECOND = 100;
  private static final int MOST_NODES = 20_000;

  private final InstantSource clock;
  private final Map<String, Bucket> buckets = new HashMap<>();

  private record Bucket(double left, long atMillis) {}

  RateLimit(InstantSource clock) {
    this.clock = clock;
  }

  /** Whether {@code node} may have one more now. */
  synchronized boolean take(String node) {
    long now = clock.millis();
    if (buckets.size() >= MOST_NODES) {
      buckets.values().removeIf(each -> refilled(each, now) >= BURST);
    }
    Bucket bucket = buckets.get(node);
    double left = bucket == null ? BURST : refilled(bucket, now);
    if (left < 1 || (bucket == null && buckets.size() >= MOST_NODES)) {
      return false;
    }
    buckets.put(node, new Bucket(left - 1, now));
    return true;
  }

  private static double refilled(Bucket bucket, long now) {
    return Math.min(
        BURST, bucket.left() + Math.max(0, now - bucket.atMillis()) / 1000.0 * PER_SECOND);
  }
}
