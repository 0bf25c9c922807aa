package dev.ambit.controller;

import org.jspecify.annotations.Nullable;

/** Hands values from many writers to one reader; a value that was not taken is replaced. */
final class LatestValue<T> {
  private @Nullable T value;

  /**
   * A value taken.
   *
   * @param waited whether it was there before the reader was ready for it
   */
  record Taken<T>(T value, boolean waited) {}

  synchronized void set(T next) {
    value = next;
    notifyAll();
  }

  /** Waits for a value, and until {@code notBefore} by {@link System#nanoTime}. */
  synchronized Taken<T> take(long notBefore) throws InterruptedException {
    boolean waited = value != null;
    while (true) {
      long early = notBefore - System.nanoTime();
      T next = value;
      if (next == null) {
        wait();
        waited = notBefore - System.nanoTime() > 0;
      } else if (early > 0) {
        wait(early / 1_000_000, (int) (early % 1_000_000));
      } else {
        value = null;
        return new Taken<>(next, waited);
      }
    }
  }
}
