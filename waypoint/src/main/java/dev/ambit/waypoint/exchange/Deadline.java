package dev.ambit.waypoint.exchange;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One timer of an exchange, set again and again. */
final class Deadline {
  private final EventLoop loop;
  private @Nullable Future<?> pending;

  Deadline(EventLoop loop) {
    this.loop = loop;
  }

  /** Takes the place of what was set before. */
  void in(Duration time, Runnable action) {
    cancel();
    pending =
        loop.schedule(
            () -> {
              pending = null;
              action.run();
            },
            time.toNanos(),
            TimeUnit.NANOSECONDS);
  }

  boolean isSet() {
    return pending != null;
  }

  void cancel() {
    if (pending != null) {
      pending.cancel(false);
      pending = null;
    }
  }
}
