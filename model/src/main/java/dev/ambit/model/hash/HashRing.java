package dev.ambit.model.hash;

import java.util.Arrays;
import java.util.List;

/**
 * A ring of points: a hash leads to the next point, clockwise (spec: traffic-policy §3). A target
 * that comes or goes moves only its own share. Immutable; any thread.
 */
public final class HashRing {
  private final long[] hashes;
  private final int[] targets;

  private HashRing(long[] hashes, int[] targets) {
    this.hashes = hashes;
    this.targets = targets;
  }

  /**
   * A ring in which the lightest target has at least its share of {@code leastPoints} points.
   *
   * @param mostPoints bounds the memory; 12 bytes a point
   */
  public static HashRing of(List<HashTarget> targets, int leastPoints, int mostPoints) {
    if (targets.isEmpty()) {
      return new HashRing(new long[0], new int[0]);
    }
    double sum = 0;
    double least = Double.MAX_VALUE;
    for (HashTarget target : targets) {
      sum += target.weight();
      least = Math.min(least, target.weight());
    }
    least /= sum;
    double scale = Math.min(Math.ceil(least * leastPoints) / least, mostPoints);
    int size = (int) Math.ceil(scale);
    Point[] points = new Point[size];
    int made = 0;
    double wanted = 0;
    for (int i = 0; i < targets.size(); i++) {
      HashTarget target = targets.get(i);
      wanted += scale * (target.weight() / sum);
      for (int copy = 0; made < Math.min(wanted, size); copy++) {
        points[made++] = new Point(XxHash64.of(target.name() + "_" + copy), i);
      }
    }
    return sorted(points, made);
  }

  private record Point(long hash, int target) {}

  private static HashRing sorted(Point[] points, int made) {
    Arrays.sort(points, 0, made, (one, other) -> Long.compareUnsigned(one.hash(), other.hash()));
    long[] hashes = new long[made];
    int[] targets = new int[made];
    for (int i = 0; i < made; i++) {
      hashes[i] = points[i].hash();
      targets[i] = points[i].target();
    }
    return new HashRing(hashes, targets);
  }

  /** How many points there are. */
  public int size() {
    return hashes.length;
  }

  /**
   * The place in the list of targets that {@code hash} leads to; -1 without targets.
   *
   * @param attempt 0 for the first, then the points that follow
   */
  public int find(long hash, int attempt) {
    if (hashes.length == 0) {
      return -1;
    }
    int low = 0;
    int high = hashes.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(hashes[middle], hash) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return targets[(low + attempt) % hashes.length];
  }
}
