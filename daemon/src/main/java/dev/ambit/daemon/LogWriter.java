package dev.ambit.daemon;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes lines from a bounded queue on a thread of its own. Offering never blocks; while lines keep
 * coming the writer looks every 10 ms by itself, so that offering is no system call either.
 */
final class LogWriter {
  private static final int MOST_CHARS = 4 * 1024 * 1024;
  private static final int BATCH_BYTES = 64 * 1024;
  private static final long LINGER_NANOS = Duration.ofMillis(10).toNanos();
  private static final int LINGER_ROUNDS = 100;

  private final Queue<String> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger queuedChars = new AtomicInteger();
  private final AtomicBoolean asleep = new AtomicBoolean();
  private final AtomicBoolean hooked = new AtomicBoolean();
  private final LongAdder dropped = new LongAdder();
  private final Object written = new Object();
  private final Thread thread;
  private volatile PrintStream out;

  LogWriter(PrintStream out) {
    this.out = out;
    this.thread = Thread.ofPlatform().daemon().name("log").unstarted(this::run);
    thread.start();
  }

  void redirect(PrintStream next) {
    flush(Duration.ofSeconds(1));
    out = next;
  }

  void offer(String line) {
    int size = line.length() + 1;
    if (queuedChars.addAndGet(size) > MOST_CHARS) {
      queuedChars.addAndGet(-size);
      dropped.increment();
      return;
    }
    queue.add(line);
    if (asleep.get() && asleep.compareAndSet(true, false)) {
      LockSupport.unpark(thread);
    }
  }

  long dropped() {
    return dropped.sum();
  }

  void flush(Duration most) {
    long deadline = System.nanoTime() + most.toNanos();
    LockSupport.unpark(thread);
    synchronized (written) {
      while (queuedChars.get() > 0 && System.nanoTime() < deadline) {
        try {
          written.wait(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  void flushAtExit() {
    if (hooked.compareAndSet(false, true)) {
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> flush(Duration.ofSeconds(2)), "log-flush"));
    }
  }

  private void run() {
    ByteArrayOutputStream batch = new ByteArrayOutputStream(BATCH_BYTES);
    long reported = 0;
    int idleRounds = 0;
    while (true) {
      int chars = take(batch);
      long lost = dropped.sum();
      if (lost > reported) {
        add(batch, lostLine(lost - reported));
        reported = lost;
      }
      if (batch.size() > 0) {
        out.write(batch.toByteArray(), 0, batch.size());
        out.flush();
        batch.reset();
        idleRounds = 0;
        queuedChars.addAndGet(-chars);
        synchronized (written) {
          written.notifyAll();
        }
      } else if (idleRounds++ < LINGER_ROUNDS) {
        LockSupport.parkNanos(this, LINGER_NANOS);
      } else {
        sleep();
      }
    }
  }

  private void sleep() {
    asleep.set(true);
    if (queue.isEmpty()) {
      LockSupport.park(this);
    }
    asleep.set(false);
  }

  private int take(ByteArrayOutputStream batch) {
    int chars = 0;
    while (batch.size() < BATCH_BYTES) {
      String line = queue.poll();
      if (line == null) {
        break;
      }
      chars += line.length() + 1;
      add(batch, line);
    }
    return chars;
  }

  private static void add(ByteArrayOutputStream batch, String line) {
    batch.writeBytes(line.getBytes(StandardCharsets.UTF_8));
    batch.write('\n');
  }

  private static String lostLine(long lines) {
    Object[] fields = {"lines", lines};
    return LogLine.plain(Instant.now(), Log.Level.WARN, "log", "lines dropped", fields);
  }
}
