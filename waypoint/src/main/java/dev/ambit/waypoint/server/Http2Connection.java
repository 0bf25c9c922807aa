package dev.ambit.waypoint.server;

import dev.ambit.dataplane.hbone.Frames;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Frame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection of HTTP/2 inside a tunnel. Reads whatever comes: the windows of streams and
 * connection bound it. Loop confined.
 */
final class Http2Connection extends ChannelInboundHandlerAdapter implements InsideConnection {
  private static final long DRAIN_PING = 0x647261696eL;
  private static final int FRAME = 16 * 1024;

  private final Side side;
  private final Channel channel;
  private final IntObjectHashMap<Http2Stream> streams = new IntObjectHashMap<>();

  /** Those that got bytes in this turn of the loop. */
  private final List<Http2Stream> touched = new ArrayList<>();

  private @Nullable ChannelHandlerContext context;
  private @Nullable Future<?> idle;
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
    channel.pipeline().addLast(codec, new Frames.FlushOnce(), connection);
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

  private ChannelHandlerContext ctx() {
    if (context == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return context;
  }

  private void watchIdle() {
    idle =
        loop()
            .schedule(
                () -> {
                  if (streams.isEmpty()) {
                    channel.close();
                  }
                },
                side.settings().idle().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  private void unwatchIdle() {
    if (idle != null) {
      idle.cancel(false);
      idle = null;
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    switch (msg) {
      case Http2DataFrame data -> onData(data);
      case Http2HeadersFrame headers -> onHeaders(headers);
      case Http2ResetFrame reset -> {
        Http2Stream stream = streams.get(reset.stream().id());
        if (stream != null) {
          stream.fail(Resets.reason(reset.errorCode()), null);
        }
      }
      case Http2PingFrame ping -> {
        if (ping.ack() && ping.content() == DRAIN_PING) {
          drained();
        }
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  private void onData(Http2DataFrame data) {
    Http2Stream stream = streams.get(data.stream().id());
    if (stream == null) {
      // Ended by us; the codec takes the bytes off the windows with the stream.
      data.release();
    } else if (stream.isBeforeUpgrade() && data.content().isReadable()) {
      data.release();
      refuse(
          data.stream(),
          stream,
          new Malformed(400, "http2.violation.of.messaging.rule: bytes before the upgrade"));
    } else {
      touched.add(stream);
      stream.onData(data);
    }
  }

  private void onHeaders(Http2HeadersFrame frame) {
    Http2Stream stream = streams.get(frame.stream().id());
    try {
      if (stream == null) {
        onHead(frame);
        return;
      }
      HttpHeaders trailers = Http2Heads.headers(frame.headers(), side.settings().headFields());
      if (!frame.isEndStream()) {
        throw new Malformed(400, "http2.violation.of.messaging.rule: headers in the middle");
      }
      stream.onEnd(trailers);
    } catch (Malformed malformed) {
      refuse(frame.stream(), stream, malformed);
    } catch (Http2Heads.NotHttp2 broken) {
      refused(400, broken.getMessage());
      write(new DefaultHttp2ResetFrame(Http2Error.PROTOCOL_ERROR).stream(frame.stream()));
      flush();
    }
  }

  private void onHead(Http2HeadersFrame frame) throws Malformed, Http2Heads.NotHttp2 {
    RequestHead head = Http2Heads.request(frame.headers(), side.settings().headFields());
    Http2Stream stream =
        new Http2Stream(this, frame.stream(), !head.upgrade().isEmpty(), frame.isEndStream());
    if (streams.isEmpty()) {
      unwatchIdle();
    }
    streams.put(frame.stream().id(), stream);
    side.service().serve(side.caller(), head, frame.isEndStream(), stream);
  }

  private void refused(int status, @Nullable String what) {
    side.service().refused(side.caller(), status, "http2.violation.of.messaging.rule: " + what);
  }

  private void refuse(Http2FrameStream id, @Nullable Http2Stream stream, Malformed malformed) {
    side.service().refused(side.caller(), malformed.status(), malformed.detail());
    if (stream == null || !stream.answered()) {
      var head = Http2Heads.response(malformed.status(), EmptyHttpHeaders.INSTANCE);
      write(new DefaultHttp2HeadersFrame(head, true).stream(id));
    }
    if (stream != null) {
      stream.fail(Reason.PROTOCOL_ERROR, malformed.detail());
    }
    // Without harm when the stream has ended both ways.
    write(new DefaultHttp2ResetFrame(Http2Error.PROTOCOL_ERROR).stream(id));
    flush();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    for (int i = 0; i < touched.size(); i++) {
      touched.get(i).onTurnEnd();
    }
    touched.clear();
  }

  ChannelFuture write(Http2Frame frame) {
    return ctx().write(frame);
  }

  void flush() {
    ctx().flush();
  }

  void forget(Http2Stream stream) {
    if (streams.remove(stream.id().id()) != null && streams.isEmpty()) {
      if (draining) {
        end();
      } else if (channel.isActive()) {
        watchIdle();
      }
    }
  }

  /** Ends the connection once what is queued has gone. */
  private void end() {
    loop()
        .execute(() -> {
          if (streams.isEmpty()) {
            channel.close();
          }
        });
  }

  private void drained() {
    // The client has seen the first GOAWAY: what it opens from here on is refused.
    ctx().writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
    draining = true;
    if (streams.isEmpty()) {
      end();
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
    if (cause instanceof Http2FrameStreamException broken) {
      Http2Stream stream = streams.get(broken.stream().id());
      refused(400, String.valueOf(broken.getMessage()));
      if (stream != null) {
        stream.fail(Reason.PROTOCOL_ERROR, String.valueOf(broken.getMessage()));
      }
      write(new DefaultHttp2ResetFrame(broken.error()).stream(broken.stream()));
      flush();
      return;
    }
    Http2Exception known = Http2CodecUtil.getEmbeddedHttp2Exception(cause);
    refused(400, known == null ? cause.toString() : known.getMessage());
    if (known == null) {
      channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    unwatchIdle();
    for (Http2Stream stream : List.copyOf(streams.values())) {
      stream.fail(Reason.CONNECTION_LOST, null);
    }
    unwatchIdle();
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
    return !streams.isEmpty();
  }
}
