package dev.ambit.daemon;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Named virtual threads that belong together: {@link #close} interrupts and joins them. The top
 * frame of each logs once, counts, and restarts the task after a back-off.
 */
public final class Tasks implements AutoCloseable {
  private static final Log LOG = Log.scope("tasks");
  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(10);
  private static final Duration JOIN = Duration.ofSeconds(5);

  private final String owner;
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final AtomicLong failures = new AtomicLong();
  private volatile boolean closed;

  /** Work that may block and throw; ends when it returns. */
  public interface Task {
    void run() throws Exception;
  }

  public Tasks(String owner) {
    this.owner = owner;
  }

  /** Runs {@code task} once on a virtual thread; a failure is logged. */
  public void start(String name, Task task) {
    launch(name, () -> attempt(name, task));
  }

  /**
   * Runs {@code task} again whenever it fails, after a doubling back-off from 10 ms to {@code
   * most}. A run that lasted longer than {@code most} starts the back-off anew.
   */
  public void keep(String name, Duration most, Task task) {
    launch(
        name,
        () -> {
          Duration pause = FIRST_BACK_OFF;
          while (!closed) {
            long began = System.nanoTime();
            if (attempt(name, task)) {
              return;
            }
            if (System.nanoTime() - began > most.toNanos()) {
              pause = FIRST_BACK_OFF;
            }
            Thread.sleep(pause);
            pause = pause.multipliedBy(2).compareTo(most) < 0 ? pause.multipliedBy(2) : most;
          }
        });
  }

  /** Runs {@code task} every {@code period}; a failure is logged and does not end it. */
  public void every(String name, Duration period, Task task) {
    launch(
        name,
        () -> {
          while (!closed) {
            attempt(name, task);
            Thread.sleep(period);
          }
        });
  }

  /** How many runs have failed. */
  public long failures() {
    return failures.get();
  }

  /** Interrupts every thread and waits for it, 5 s at most for all. */
  @Override
  public void close() {
    List<Thread> ending;
    synchronized (threads) {
      closed = true;
      ending = List.copyOf(threads);
    }
    ending.forEach(Thread::interrupt);
    long deadline = System.nanoTime() + JOIN.toNanos();
    for (Thread thread : ending) {
      if (thread != Thread.currentThread() && !joined(thread, deadline)) {
        LOG.warn("task does not end", "task", thread.getName());
      }
    }
  }

  private static boolean joined(Thread thread, long deadline) {
    try {
      return thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Whether it came to its end without failing. */
  private boolean attempt(String name, Task task) throws InterruptedException {
    try {
      task.run();
      return true;
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      if (!closed) {
        failures.incrementAndGet();
        LOG.error("task failed", "task", owner + "/" + name, "error", e);
      }
      return false;
    }
  }

  private void launch(String name, Task body) {
    Thread thread =
        Thread.ofVirtual()
            .name(owner + "/" + name)
            .unstarted(() -> {
              try {
                body.run();
              } catch (InterruptedException e) {
                LOG.debug("task interrupted", "task", owner + "/" + name);
              } catch (Throwable e) {
                failures.incrementAndGet();
                LOG.error("task died", "task", owner + "/" + name, "error", e);
              } finally {
                threads.remove(Thread.currentThread());
              }
            });
    synchronized (threads) {
      if (closed) {
        throw new IllegalStateException(owner + "/" + name + ": tasks are closed");
      }
      threads.add(thread);
      thread.start();
    }
  }
}
