package dev.ambit.waypoint.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Makes the stream of a tunnel look like a connection to the codec above: frames become bytes, the
 * end of the peer's half an input shutdown; and a close first lets go out what is queued.
 */
final class DataFrames extends ChannelDuplexHandler {
  /** For a peer that takes nothing any more. */
  private static final long CLOSE_SECONDS = 10;

  private boolean reset;
  private boolean closing;

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    switch (msg) {
      case Http2DataFrame data -> {
        boolean end = data.isEndStream();
        if (data.content().isReadable()) {
          ctx.fireChannelRead(data.content());
        } else {
          data.release();
        }
        if (end) {
          ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
      }
      case Http2HeadersFrame headers -> {
        if (headers.isEndStream()) {
          ctx.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    switch (event) {
      case Http2ResetFrame _ -> {
        reset = true;
        ctx.fireUserEventTriggered(event);
        ctx.close();
      }
      case Http2GoAwayFrame goAway -> goAway.release();
      default -> ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
    switch (msg) {
      case ByteBuf bytes -> {
        if (closing || reset) {
          bytes.release();
          promise.tryFailure(new java.nio.channels.ClosedChannelException());
        } else {
          ctx.write(new DefaultHttp2DataFrame(bytes), promise);
        }
      }
      case Http2ResetFrame frame -> {
        reset = true;
        ctx.write(frame, promise);
      }
      default -> ctx.write(msg, promise);
    }
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    if (reset || closing || !ctx.channel().isActive()) {
      ctx.close(promise);
      return;
    }
    closing = true;
    ChannelFuture ended = ctx.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true));
    if (ended.isDone()) {
      ctx.close(promise);
      return;
    }
    var late = ctx.executor().schedule(() -> ctx.close(), CLOSE_SECONDS, TimeUnit.SECONDS);
    ended.addListener(_ -> {
      late.cancel(false);
      ctx.close(promise);
    });
  }
}
