package dev.ambit.waypoint.server;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The deadlines of a connection of HTTP/1.1 (spec: threat-model SEC-081). Loop confined. */
final class Http1Clock {
  /** What is watched. */
  interface Watched {
    /** Whether no request is under way, not even its head. */
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
  private boolean draining;

  Http1Clock(EventLoop loop, FrontSettings settings, Watched watched) {
    this.loop = loop;
    this.settings = settings;
    this.watched = watched;
  }

  void start() {
    read();
    again();
  }

  /** Bytes came, or a response has gone. */
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

  /**
   * From now on a connection ends once it was quiet for a moment; before, a request may be on its
   * way.
   */
  void drain() {
    draining = true;
    if (check != null) {
      check.cancel(false);
    }
    again();
  }

  private Duration mostIdle() {
    return draining ? FrontSettings.DRAIN_QUIET : settings.idle();
  }

  private void again() {
    long period = Math.min(mostIdle().toNanos(), settings.bodyIdle().toNanos());
    check = loop.schedule(this::check, period, TimeUnit.NANOSECONDS);
  }

  private void check() {
    long silent = loop.ticker().nanoTime() - lastRead;
    if (watched.isIdle() && silent >= mostIdle().toNanos()) {
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
