package dev.ambit.model.balance;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * Takes endpoints by turns, those of more weight more often: each has a deadline one part of its
 * weight ahead, the earliest goes first. Weights are asked for anew at every turn, so they may
 * follow load or warm-up. Not for several threads.
 */
public final class RoundRobin {
  private static final double LEAST_WEIGHT = 1e-6;

  private final PriorityQueue<Turn> turns =
      new PriorityQueue<>(
          Comparator.comparingDouble(Turn::deadline).thenComparingLong(Turn::order));
  private final IntToDoubleFunction weights;
  private final int count;
  private double now;
  private long order;

  private record Turn(double deadline, long order, int endpoint) {}

  /**
   * @param weights of endpoints 0 to {@code count} - 1
   * @param random chooses where to begin, so that many waypoints do not march in step
   */
  public RoundRobin(int count, IntToDoubleFunction weights, RandomGenerator random) {
    this.count = count;
    this.weights = weights;
    int first = count == 0 ? 0 : random.nextInt(count);
    for (int i = 0; i < count; i++) {
      push((first + i) % count);
    }
    for (int i = 0; i < first; i++) {
      next(_ -> true);
    }
  }

  private void push(int endpoint) {
    double weight = Math.max(LEAST_WEIGHT, weights.applyAsDouble(endpoint));
    turns.add(new Turn(now + 1 / weight, order++, endpoint));
  }

  /** The next endpoint that {@code usable} takes; -1 when it takes none. */
  public int next(IntPredicate usable) {
    for (int i = 0; i < count; i++) {
      Turn turn = turns.poll();
      if (turn == null) {
        return -1;
      }
      now = turn.deadline();
      push(turn.endpoint());
      if (usable.test(turn.endpoint())) {
        return turn.endpoint();
      }
    }
    return anyUsable(usable);
  }

  /** Heavy endpoints can come many times before a light one; then the first usable will do. */
  private int anyUsable(IntPredicate usable) {
    for (int i = 0; i < count; i++) {
      if (usable.test(i)) {
        return i;
      }
    }
    return -1;
  }
}
