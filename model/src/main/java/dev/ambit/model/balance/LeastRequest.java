package dev.ambit.model.balance;

import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;

/** Two random endpoints, and of them the one with less to do. For endpoints of equal weight. */
public final class LeastRequest {
  private LeastRequest() {}

  /**
   * The place in {@code usable} of the choice; -1 when there is none.
   *
   * @param usable endpoints that may be chosen
   * @param active requests under way at an endpoint
   */
  public static int choose(int[] usable, IntUnaryOperator active, RandomGenerator random) {
    if (usable.length < 2) {
      return usable.length - 1;
    }
    int one = random.nextInt(usable.length);
    int other = random.nextInt(usable.length - 1);
    other += other >= one ? 1 : 0;
    // Which of the two came first is random, so ties are too.
    return active.applyAsInt(usable[other]) < active.applyAsInt(usable[one]) ? other : one;
  }

  /** The weight to take turns by when weights differ: what is busy counts less. */
  public static double effectiveWeight(int weight, int active) {
    return weight / (active + 1.0);
  }
}
