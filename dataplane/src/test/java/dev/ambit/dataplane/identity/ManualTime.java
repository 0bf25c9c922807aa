package dev.ambit.dataplane.identity;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A clock that a test moves, with the timers that hang on it. */
public final class ManualTime implements InstantSource, CertificateCache.Timer {
  private record Alarm(Instant due, Runnable task) {}

  private final List<Alarm> alarms = new ArrayList<>();
  private Instant now;

  public ManualTime(Instant now) {
    this.now = now;
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public synchronized void after(Duration delay, Runnable task) {
    alarms.add(new Alarm(now.plus(delay), task));
  }

  /** Moves on, running what falls due on the way. */
  public void advance(Duration by) {
    Instant end = instant().plus(by);
    while (true) {
      Alarm next;
      synchronized (this) {
        next =
            alarms.stream()
                .filter(alarm -> !alarm.due.isAfter(end))
                .min(Comparator.comparing(Alarm::due))
                .orElse(null);
        if (next == null) {
          now = end;
          return;
        }
        alarms.remove(next);
        now = next.due.isAfter(now) ? next.due : now;
      }
      next.task.run();
    }
  }
}
