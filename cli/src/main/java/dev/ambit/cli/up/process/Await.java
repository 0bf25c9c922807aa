package dev.ambit.cli.up.process;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for something that only looking can tell: another process's file, socket or rule. */
public final class Await {
  private static final Duration PERIOD = Duration.ofMillis(5);

  private Await() {}

  /** Whether {@code condition} came true within {@code limit}; a condition that throws is false. */
  public static boolean until(Duration limit, Callable<Boolean> condition) {
    return value(limit, () -> condition.call() ? Optional.of(true) : Optional.empty()).isPresent();
  }

  /** The first value {@code source} has within {@code limit}; a source that throws has none. */
  public static <T> Optional<T> value(Duration limit, Callable<Optional<T>> source) {
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      try {
        Optional<T> found = source.call();
        if (found.isPresent()) {
          return found;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        // Not there yet: a socket that refuses, a file half written. The deadline bounds it.
      }
      if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
        return Optional.empty();
      }
      LockSupport.parkNanos(PERIOD.toNanos());
    }
  }
}
