package dev.ambit.model.hash;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A table that every target fills in an order of its own until it is full: an even spread and one
 * step to look up (spec: traffic-policy §3; Eisenbud and others, NSDI 2016). Immutable; any thread.
 */
public final class MaglevTable {
  private final int[] table;

  private MaglevTable(int[] table) {
    this.table = table;
  }

  /**
   * @param size a prime, larger than the number of targets by far
   */
  public static MaglevTable of(List<HashTarget> targets, int size) {
    int count = targets.size();
    if (count == 0) {
      return new MaglevTable(new int[0]);
    }
    long[] offsets = new long[count];
    long[] skips = new long[count];
    double heaviest = 0;
    for (int i = 0; i < count; i++) {
      byte[] name = targets.get(i).name().getBytes(StandardCharsets.UTF_8);
      offsets[i] = Long.remainderUnsigned(XxHash64.of(name, 0), size);
      skips[i] = Long.remainderUnsigned(XxHash64.of(name, 1), size - 1) + 1;
      heaviest = Math.max(heaviest, targets.get(i).weight());
    }
    int[] table = new int[size];
    Arrays.fill(table, -1);
    long[] next = new long[count];
    double[] due = new double[count];
    int filled = 0;
    for (long round = 1; filled < size; round++) {
      for (int i = 0; i < count && filled < size; i++) {
        // The heaviest is due in every round, others as often as their weight says.
        if (round * (double) targets.get(i).weight() < due[i]) {
          continue;
        }
        due[i] += heaviest;
        int place = place(offsets[i], skips[i], next[i], size);
        while (table[place] >= 0) {
          next[i]++;
          place = place(offsets[i], skips[i], next[i], size);
        }
        table[place] = i;
        next[i]++;
        filled++;
      }
    }
    return new MaglevTable(table);
  }

  private static int place(long offset, long skip, long step, int size) {
    return (int) ((offset + skip * step) % size);
  }

  /**
   * The place in the list of targets that {@code hash} leads to; -1 without targets.
   *
   * @param attempt 0 for the first, then others
   */
  public int find(long hash, int attempt) {
    if (table.length == 0) {
      return -1;
    }
    // Each further attempt is a hash of its own, the same for everybody.
    long probe = attempt == 0 ? hash : hash ^ ~0L - attempt + 1;
    return table[(int) Long.remainderUnsigned(probe, table.length)];
  }
}
