package dev.ambit.model.workload;

import org.jspecify.annotations.Nullable;

/**
 * Hands out one object for equal values, so that 100,000 workloads do not hold 100,000 copies of
 * their namespace, node and services. Remembers a bounded number of recent values and forgets the
 * rest; a forgotten one costs memory, never correctness. Confined to one thread: the decoder's.
 */
public final class SharedValues {
  private static final int SIZE = 1 << 14;

  private final @Nullable Object[] recent = new @Nullable Object[SIZE];

  /** {@code value}, or an equal object seen before. */
  @SuppressWarnings("unchecked") // equal values of records, strings and their collections agree
  public <T> T one(T value) {
    int hash = value.hashCode() * 0x9E3779B9;
    int at = hash >>> (Integer.SIZE - 14);
    Object known = recent[at];
    if (known != null && known.getClass() == value.getClass() && known.equals(value)) {
      return (T) known;
    }
    recent[at] = value;
    return value;
  }

  <T> @Nullable T oneOrNull(@Nullable T value) {
    return value == null ? null : one(value);
  }
}
