package dev.ambit.dataplane.hbone;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices a silent peer: one PING at a time, the next an interval after its answer, whatever else
 * moves (spec: hbone §3). Without an answer in time the connection is closed, which says GOAWAY
 * first.
 */
final class Keepalive extends ChannelDuplexHandler {
  private static final long PAYLOAD = 0x414d424954L;

  private final Duration interval;
  private final Duration timeout;
  private @Nullable Future<?> timer;

  Keepalive(Duration interval, Duration timeout) {
    this.interval = interval;
    this.timeout = timeout;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    later(ctx, interval, () -> ping(ctx));
  }

  private void ping(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(new DefaultHttp2PingFrame(PAYLOAD));
    later(ctx, timeout, ctx::close);
  }

  private void later(ChannelHandlerContext ctx, Duration delay, Runnable task) {
    timer = ctx.executor().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void cancel() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (msg instanceof Http2PingFrame ping && ping.ack() && ping.content() == PAYLOAD) {
      cancel();
      later(ctx, interval, () -> ping(ctx));
    } else {
      ctx.fireChannelRead(msg);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    cancel();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    cancel();
  }
}
