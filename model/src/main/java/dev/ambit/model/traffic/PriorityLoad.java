package dev.ambit.model.traffic;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * How traffic is split over priorities of endpoints: a priority keeps all of it until fewer than
 * 1/1.4 of its endpoints are healthy (spec: traffic-policy §6).
 *
 * @param shares percent by priority; their sum is 100, or 0 when nobody can be used
 * @param panic by priority: whether its unhealthy endpoints are used too
 */
public record PriorityLoad(List<Integer> shares, List<Boolean> panic) {
  private static final int OVERPROVISIONED = 140;

  public PriorityLoad {
    shares = List.copyOf(shares);
    panic = List.copyOf(panic);
  }

  /** Endpoints of one priority. */
  public record Health(int healthy, int all) {
    int score() {
      return all == 0 ? 0 : Math.min(100, healthy * OVERPROVISIONED / all);
    }
  }

  /**
   * @param priorities from the most wanted
   * @param panicPercent below this share of healthy endpoints health is ignored; 0 never
   */
  public static PriorityLoad of(List<Health> priorities, int panicPercent) {
    int count = priorities.size();
    Integer[] shares = new Integer[count];
    Boolean[] panic = new Boolean[count];
    int total = Math.min(100, priorities.stream().mapToInt(Health::score).sum());
    for (int i = 0; i < count; i++) {
      Health health = priorities.get(i);
      panic[i] =
          total < 100 && health.all() > 0 && health.healthy() * 100 < panicPercent * health.all();
    }
    if (total > 0) {
      byScore(priorities, total, shares);
    } else if (panicPercent > 0) {
      bySize(priorities, shares);
    } else {
      Arrays.fill(shares, 0);
    }
    return new PriorityLoad(List.of(shares), List.of(panic));
  }

  private static void byScore(List<Health> priorities, int total, Integer[] shares) {
    int left = 100;
    int first = -1;
    for (int i = 0; i < shares.length; i++) {
      int score = priorities.get(i).score();
      shares[i] = Math.min(left, score * 100 / total);
      left -= shares[i];
      first = first < 0 && score > 0 ? i : first;
    }
    shares[first] += left;
  }

  private static void bySize(List<Health> priorities, Integer[] shares) {
    long all = priorities.stream().mapToLong(Health::all).sum();
    int left = 100;
    int first = -1;
    for (int i = 0; i < shares.length; i++) {
      int size = priorities.get(i).all();
      shares[i] = all == 0 ? 0 : (int) (size * 100L / all);
      left -= shares[i];
      first = first < 0 && size > 0 ? i : first;
    }
    if (first >= 0) {
      shares[first] += left;
    }
  }

  /** Draws a priority; -1 when nobody can be used, which is answered with 503. */
  public int draw(RandomGenerator random) {
    int draw = random.nextInt(100);
    for (int i = 0; i < shares.size(); i++) {
      draw -= shares.get(i);
      if (draw < 0) {
        return i;
      }
    }
    return -1;
  }
}
