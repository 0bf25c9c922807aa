package dev.ambit.waypoint.telemetry.export;

import dev.ambit.daemon.Log;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Sends spans, or lines, to one collector in batches, from a bounded queue, on a thread of its own
 * (spec: l7-telemetry §4). A batch that cannot be delivered is tried again with growing pauses;
 * meanwhile the queue fills, and what does not fit is dropped and counted.
 */
public final class Batches<T> implements Consumer<T>, AutoCloseable {
  private static final Log LOG = Log.scope("export");
  private static final int MOST_QUEUED = 4096;
  private static final int MOST_IN_BATCH = 512;

  /**
   * When what happens.
   *
   * @param linger how long one waits for others
   * @param firstPause before the second try; doubles with each
   * @param flush how long {@link #close} waits for what is queued
   */
  public record Timing(Duration linger, Duration firstPause, int tries, Duration flush) {
    public static final Timing USUAL =
        new Timing(Duration.ofSeconds(1), Duration.ofMillis(500), 5, Duration.ofSeconds(3));
  }

  private final Transport<T> transport;
  private final Timing timing;
  private final ExportCounts counts;
  private final Queue<T> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queued = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closing;
  private boolean unreachable;

  public Batches(String name, Transport<T> transport, Timing timing, ExportCounts counts) {
    this.transport = transport;
    this.timing = timing;
    this.counts = counts;
    this.thread = Thread.ofVirtual().name("export to " + name).unstarted(this::run);
    thread.start();
  }

  @Override
  public void accept(T one) {
    int now = queued.incrementAndGet();
    if (now > MOST_QUEUED || closing) {
      queued.decrementAndGet();
      counts.overflowed.increment();
      return;
    }
    queue.add(one);
    if (now == MOST_IN_BATCH) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    List<T> batch = new ArrayList<>(MOST_IN_BATCH);
    while (true) {
      if (queued.get() < MOST_IN_BATCH && !closing) {
        LockSupport.parkNanos(this, timing.linger().toNanos());
      }
      take(batch);
      if (!batch.isEmpty()) {
        deliver(batch);
        batch.clear();
      } else if (closing) {
        return;
      }
    }
  }

  private void take(List<T> batch) {
    while (batch.size() < MOST_IN_BATCH) {
      T one = queue.poll();
      if (one == null) {
        return;
      }
      queued.decrementAndGet();
      batch.add(one);
    }
  }

  private void deliver(List<T> batch) {
    long pause = timing.firstPause().toNanos();
    for (int attempt = 1; ; attempt++) {
      switch (send(batch)) {
        case TAKEN -> {
          counts.exported.add(batch.size());
          unreachable = false;
          return;
        }
        case REFUSED -> {
          counts.refused.add(batch.size());
          return;
        }
        case LATER -> {
          if (attempt >= timing.tries() || closing) {
            counts.unreachable.add(batch.size());
            return;
          }
        }
      }
      LockSupport.parkNanos(this, pause);
      pause *= 2;
    }
  }

  private Transport.Outcome send(List<T> batch) {
    try {
      return transport.send(List.copyOf(batch));
    } catch (IOException e) {
      if (!unreachable) {
        LOG.warn("a collector cannot be reached", "waiting", batch.size(), "error", e);
      }
      unreachable = true;
      return Transport.Outcome.LATER;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Transport.Outcome.REFUSED;
    } catch (IllegalArgumentException e) {
      // An address or a header that cannot be: trying again makes it no better.
      LOG.warn("a collector cannot be spoken to", "lost", batch.size(), "error", e);
      return Transport.Outcome.REFUSED;
    }
  }

  /** Sends what is queued, for as long as {@link Timing#flush} says, and ends. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(timing.flush());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
