package dev.ambit.cli.up.process;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A program that is started again when it ends: at once after a run of 10 s or more, otherwise
 * after a back-off that doubles from 100 ms to 5 s. Thread-safe.
 */
public final class Supervised implements AutoCloseable {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration LONG_RUN = Duration.ofSeconds(10);
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final Launch launch;
  private final Consumer<String> news;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread keeper;
  private @Nullable Process process;
  private boolean held;
  private boolean closed;
  private int restarts;

  private Supervised(Launch launch, Consumer<String> news) {
    this.launch = launch;
    this.news = news;
    this.keeper = Thread.ofVirtual().name("keep " + launch.name()).unstarted(this::keep);
  }

  /** Starts the program; {@code news} hears one sentence whenever it ends by itself. */
  public static Supervised start(Launch launch, Consumer<String> news) {
    var supervised = new Supervised(launch, news);
    supervised.keeper.start();
    return supervised;
  }

  public Launch launch() {
    return launch;
  }

  /** The process now running, as the kernel names it. */
  public Optional<ProcessHandle> running() {
    lock.lock();
    try {
      return Optional.ofNullable(process).map(Process::toHandle).filter(ProcessHandle::isAlive);
    } finally {
      lock.unlock();
    }
  }

  /** How often it was started again. */
  public int restarts() {
    lock.lock();
    try {
      return restarts;
    } finally {
      lock.unlock();
    }
  }

  /** Kills it with SIGKILL; it is started again. */
  public void kill() {
    running().ifPresent(ProcessHandle::destroyForcibly);
  }

  /** Kills it with SIGKILL and keeps it down until {@link #release}. */
  public void hold() {
    lock.lock();
    try {
      held = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    running()
        .ifPresent(handle -> {
          handle.destroyForcibly();
          handle.onExit().join();
        });
  }

  public void release() {
    lock.lock();
    try {
      held = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Never starts it again; one that runs goes on. */
  public void retire() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends it: SIGTERM, and SIGKILL after a short grace. */
  @Override
  public void close() {
    retire();
    running()
        .ifPresent(handle -> {
          handle.destroy();
          if (!Await.until(GRACE, () -> !handle.isAlive())) {
            handle.destroyForcibly();
          }
        });
  }

  private void keep() {
    Duration pause = Duration.ZERO;
    while (awaitTurn(pause)) {
      long began = System.nanoTime();
      String end = runOnce();
      boolean longRun = System.nanoTime() - began > LONG_RUN.toNanos();
      pause = longRun ? Duration.ZERO : next(pause);
      lock.lock();
      try {
        restarts++;
        if (!closed && !held) {
          news.accept(launch.name() + " " + end + "; starting it again");
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private static Duration next(Duration pause) {
    if (pause.isZero()) {
      return FIRST_PAUSE;
    }
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
  }

  /** Waits out the pause and any hold; false when it is all over. */
  private boolean awaitTurn(Duration pause) {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (!closed && !held && left > 0) {
        left = changed.awaitNanos(left);
      }
      while (!closed && held) {
        changed.await();
      }
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  private String runOnce() {
    try {
      var builder = new ProcessBuilder(launch.command());
      builder.environment().clear();
      builder.environment().putAll(launch.environment());
      var append = ProcessBuilder.Redirect.appendTo(launch.log().toFile());
      builder.redirectOutput(append).redirectErrorStream(true);
      builder.redirectInput(new File("/dev/null"));
      Process started = builder.start();
      lock.lock();
      try {
        process = started;
        if (closed || held) {
          started.destroyForcibly();
        }
      } finally {
        lock.unlock();
      }
      return "ended with " + started.waitFor();
    } catch (IOException e) {
      return "cannot be started: " + e.getMessage();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "was interrupted";
    }
  }

  /** Waits until the program has ended for good; false when {@code limit} passed. */
  public boolean awaitEnd(Duration limit) throws InterruptedException {
    keeper.join(limit);
    return running().isEmpty();
  }

  /** Waits until the program runs (again); empty when {@code limit} passed. */
  public Optional<ProcessHandle> awaitRunning(Duration limit) {
    return Await.value(limit, this::running);
  }
}
