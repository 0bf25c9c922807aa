package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import io.netty.channel.EventLoop;
import java.time.Duration;

/** Ends exchanges in which nothing happens, or which take too long (threat-model SEC-081). */
final class IdleWatch {
  private final Exchange exchange;
  private final ExchangeSettings.Times limits;
  private final Deadline idle;
  private final Deadline whole;
  private Duration limit = Duration.ZERO;
  private long movedAtCheck;

  IdleWatch(Exchange exchange, ExchangeSettings.Times limits, EventLoop loop) {
    this.exchange = exchange;
    this.limits = limits;
    this.idle = new Deadline(loop);
    this.whole = new Deadline(loop);
  }

  /**
   * @param openEnded whether a request that stands still may be one that has nothing to say
   */
  void start(boolean openEnded) {
    if (!limits.longest().isZero()) {
      whole.in(limits.longest(), this::tooLong);
    }
    boolean watchesBody = !openEnded && !exchange.client().hasWholeRequest();
    limit = watchesBody ? limits.bodyIdle() : limits.streamIdle();
    watch();
  }

  private void watch() {
    movedAtCheck = exchange.client().moved();
    if (!limit.isZero()) {
      idle.in(limit, this::check);
    }
  }

  private void check() {
    Downstream client = exchange.client();
    boolean bodyOnly = limits.streamIdle().isZero() || limit != limits.streamIdle();
    if (bodyOnly && client.hasWholeRequest()) {
      limit = limits.streamIdle();
      watch();
    } else if (client.moved() != movedAtCheck || (bodyOnly && !client.isAsked())) {
      watch();
    } else {
      exchange.giveUp(Reply.of(LocalReply.STREAM_IDLE, Details.IDLE));
    }
  }

  private void tooLong() {
    exchange.giveUp(Reply.of(504, "UMSDR", Details.TOO_LONG, "stream timeout"));
  }

  void stop() {
    idle.cancel();
    whole.cancel();
  }
}
