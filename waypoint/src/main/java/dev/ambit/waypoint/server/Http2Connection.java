package dev.ambit.waypoint.server;

import dev.ambit.dataplane.hbone.Frames;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's connection of HTTP/2 inside a tunnel. Loop confined. */
final class Http2Connection extends ChannelInboundHandlerAdapter implements InsideConnection {
  private static final long DRAIN_PING = 0x647261696eL;
  private static final int FRAME = 16 * 1024;

  private final Side side;
  private final Channel channel;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Future<?> idle;
  private int streams;
  private boolean draining;

  private Http2Connection(Side side, Channel channel) {
    this.side = side;
    this.channel = channel;
  }

  /** Puts the codec and all above into the pipeline of {@code channel}. */
  static Http2Connection on(Channel channel, Side side) {
    FrontSettings limits = side.settings();
    Http2FrameCodec codec =
        Frames.application(
            new Http2Settings()
                .initialWindowSize(limits.streamWindow())
                .maxFrameSize(FRAME)
                .maxHeaderListSize(limits.headBytes())
                .maxConcurrentStreams(limits.streams())
                .connectProtocolEnabled(true));
    Http2Connection connection = new Http2Connection(side, channel);
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(
        codec,
        new Frames.FlushOnce(),
        new Http2MultiplexHandler(connection.new Requests()),
        connection);
    try {
      Frames.grantConnectionWindow(codec, (int) Math.min(8L * limits.streamWindow(), 1 << 30));
    } catch (Http2Exception impossible) {
      throw new IllegalStateException(impossible);
    }
    channel.config().setAutoRead(true);
    return connection;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    watchIdle();
  }

  private void watchIdle() {
    idle =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  if (streams == 0) {
                    channel.close();
                  }
                },
                side.settings().idle().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  /** Each new request. */
  private final class Requests extends ChannelInitializer<Channel> {
    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    protected void initChannel(Channel stream) {
      if (streams++ == 0 && idle != null) {
        idle.cancel(false);
      }
      stream.closeFuture().addListener(_ -> ended());
      Http2Stream.on(stream, side);
    }
  }

  private void ended() {
    if (--streams == 0) {
      if (draining) {
        channel.close();
      } else {
        watchIdle();
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (msg instanceof Http2PingFrame ping && ping.ack() && ping.content() == DRAIN_PING) {
      // The client has seen the first GOAWAY.
      ctx.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
      draining = true;
      if (streams == 0) {
        channel.close();
      }
    } else {
      ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      // Half a connection of HTTP/2 is none.
      channel.close();
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Http2Exception known = Http2CodecUtil.getEmbeddedHttp2Exception(cause);
    side.service()
        .refused(
            side.caller(),
            400,
            "http2.violation.of.messaging.rule: "
                + (known == null ? cause.toString() : known.getMessage()));
    if (known == null) {
      channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (idle != null) {
      idle.cancel(false);
    }
  }

  @Override
  public EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public void drain() {
    if (context != null && channel.isActive()) {
      var everything = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
      everything.setExtraStreamIds(Integer.MAX_VALUE);
      context.write(everything);
      context.writeAndFlush(new DefaultHttp2PingFrame(DRAIN_PING));
    }
  }

  @Override
  public boolean isBusy() {
    return streams > 0;
  }
}
