package dev.ambit.daemon;

import java.time.Duration;

/**
 * Named virtual threads that belong together: {@link #close} interrupts and joins them. The top
 * frame of each logs once, counts, and restarts the task after a back-off.
 */
public final class Tasks implements AutoCloseable {
  /** Work that may block and throw; ends when it returns. */
  public interface Task {
    void run() throws Exception;
  }

  public Tasks(String owner) {
    throw new UnsupportedOperationException("Tasks " + owner);
  }

  /** Runs {@code task} once on a virtual thread; a failure is logged. */
  public void start(String name, Task task) {
    throw new UnsupportedOperationException("start");
  }

  /**
   * Runs {@code task} again whenever it fails, after a doubling back-off from 10 ms to {@code
   * most}.
   */
  public void keep(String name, Duration most, Task task) {
    throw new UnsupportedOperationException("keep");
  }

  /** Runs {@code task} every {@code period}; a failure is logged and does not end it. */
  public void every(String name, Duration period, Task task) {
    throw new UnsupportedOperationException("every");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
