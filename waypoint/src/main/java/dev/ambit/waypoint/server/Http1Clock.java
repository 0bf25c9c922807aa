package dev.ambit.waypoint.server;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The deadlines of a connection of HTTP/1.1 (spec: threat-model SEC-081). Loop confined. */
final class Http1Clock {
  /** What is watched. */
  interface Watched {
    /** Whether no request is under way. */
    boolean isIdle();

    /** Whether a body was asked for and has not come to its end. */
    boolean isStarved();

    /** The client is too slow; {@code what} in Envoy's words. */
    void tooSlow(String what);

    /** There were no requests for too long. */
    void unused();
  }

  private final EventLoop loop;
  private final FrontSettings settings;
  private final Watched watched;
  private @Nullable Future<?> head;
  private @Nullable Future<?> check;
  private long lastRead;

  Http1Clock(EventLoop loop, FrontSettings settings, Watched watched) {
    this.loop = loop;
    this.settings = settings;
    this.watched = watched;
  }

  void start() {
    read();
    again();
  }

  /** Bytes came. */
  void read() {
    lastRead = loop.ticker().nanoTime();
  }

  /** Whether a head has begun and is not complete. */
  void inHead(boolean inside) {
    if (!inside) {
      if (head != null) {
        head.cancel(false);
        head = null;
      }
    } else if (head == null) {
      head =
          loop.schedule(
              () -> watched.tooSlow("request_header_timeout"),
              settings.headTime().toNanos(),
              TimeUnit.NANOSECONDS);
    }
  }

  private void again() {
    long period = Math.min(settings.idle().toNanos(), settings.bodyIdle().toNanos());
    check = loop.schedule(this::check, period, TimeUnit.NANOSECONDS);
  }

  private void check() {
    long silent = loop.ticker().nanoTime() - lastRead;
    if (watched.isIdle() && silent >= settings.idle().toNanos()) {
      watched.unused();
    } else if (watched.isStarved() && silent >= settings.bodyIdle().toNanos()) {
      watched.tooSlow("stream_idle_timeout");
    } else {
      again();
    }
  }

  void stop() {
    inHead(false);
    if (check != null) {
      check.cancel(false);
    }
  }
}
