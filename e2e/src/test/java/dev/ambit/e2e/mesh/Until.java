package dev.ambit.e2e.mesh;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for things that the kernel and the daemons do in their own time. */
public final class Until {
  public static final Duration DEADLINE = Duration.ofSeconds(15);

  private static final Duration LOOK = Duration.ofMillis(5);

  private Until() {}

  /** Returns how long it took until {@code condition} held; throws when the deadline passes. */
  public static Duration holds(String what, Callable<Boolean> condition) {
    return holds(what, () -> "", condition);
  }

  /** As above; {@code found} tells what was there instead. */
  public static Duration holds(String what, Supplier<String> found, Callable<Boolean> condition) {
    long begin = System.nanoTime();
    Exception last = null;
    while (System.nanoTime() - begin < DEADLINE.toNanos()) {
      try {
        if (condition.call()) {
          return Duration.ofNanos(System.nanoTime() - begin);
        }
        last = null;
      } catch (Exception e) {
        last = e;
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
    throw new AssertionError("in vain: " + what + "; found: " + found.get(), last);
  }
}
