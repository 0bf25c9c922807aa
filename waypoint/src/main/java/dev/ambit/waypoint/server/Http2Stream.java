package dev.ambit.waypoint.server;

import dev.ambit.dataplane.net.BatchReads;
import dev.ambit.waypoint.http.HttpStream;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** One request and its response on a connection of HTTP/2. */
final class Http2Stream extends ChannelInboundHandlerAdapter implements HttpStream {
  private static final WriteBufferWaterMark WATERMARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  private final Side side;
  private final Channel channel;
  private final Queue<ByteBuf> early = new ArrayDeque<>(0);
  private @Nullable Receiver receiver;
  private HttpHeaders trailers = EmptyHttpHeaders.INSTANCE;
  private @Nullable Reason failure;
  private boolean headSeen;
  private boolean batch;
  private boolean upgrade;
  private boolean answered;
  private boolean inputEnded;
  private boolean endUntold;
  private boolean outputEnded;
  private boolean over;

  private Http2Stream(Side side, Channel channel) {
    this.side = side;
    this.channel = channel;
  }

  /** Makes {@code channel} a stream that waits for its request. */
  static void on(Channel channel, Side side) {
    channel.config().setAutoRead(false);
    channel.config().setWriteBufferWaterMark(WATERMARK);
    channel.config().setRecvByteBufAllocator(BatchReads.FRAMES);
    channel.pipeline().addLast(new Http2Stream(side, channel));
  }

  @Override
  public EventLoop loop() {
    return channel.eventLoop();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    ctx.read();
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    switch (msg) {
      case Http2DataFrame data -> onData(data);
      case Http2HeadersFrame headers -> {
        if (headSeen) {
          onTrailers(headers);
        } else {
          headSeen = true;
          onHead(headers);
        }
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  private void onHead(Http2HeadersFrame headers) {
    try {
      RequestHead head = Http2Heads.request(headers.headers(), side.settings().headFields());
      upgrade = !head.upgrade().isEmpty();
      boolean ended = headers.isEndStream();
      inputEnded = ended;
      side.service().serve(side.caller(), head, ended, this);
    } catch (Malformed malformed) {
      refuse(malformed);
    } catch (Http2Heads.NotHttp2 broken) {
      side.service()
          .refused(side.caller(), 400, "http2.violation.of.messaging.rule: " + broken.getMessage());
      abort(Http2Error.PROTOCOL_ERROR);
    }
  }

  private void refuse(Malformed malformed) {
    side.service().refused(side.caller(), malformed.status(), malformed.detail());
    if (answered) {
      fail(Reason.PROTOCOL_ERROR, malformed.detail());
      abort(Http2Error.PROTOCOL_ERROR);
      return;
    }
    channel.write(
        new DefaultHttp2HeadersFrame(
            Http2Heads.response(malformed.status(), EmptyHttpHeaders.INSTANCE), true));
    fail(Reason.PROTOCOL_ERROR, malformed.detail());
    abort(inputEnded ? Http2Error.NO_ERROR : Http2Error.PROTOCOL_ERROR);
  }

  private void onTrailers(Http2HeadersFrame headers) {
    if (over) {
      return;
    }
    try {
      HttpHeaders read = Http2Heads.headers(headers.headers());
      if (!headers.isEndStream()) {
        throw new Malformed(400, "http2.violation.of.messaging.rule: headers in the middle");
      }
      onInputEnd(read);
    } catch (Malformed malformed) {
      refuse(malformed);
    }
  }

  private void onData(Http2DataFrame data) {
    boolean end = data.isEndStream();
    if (upgrade && !answered && data.content().isReadable()) {
      data.release();
      refuse(new Malformed(400, "http2.violation.of.messaging.rule: bytes before the upgrade"));
      return;
    }
    if (over || !data.content().isReadable()) {
      data.release();
    } else if (receiver == null) {
      early.add(data.content());
    } else {
      batch = true;
      receiver.onBytes(data.content());
    }
    if (end && !over) {
      onInputEnd(EmptyHttpHeaders.INSTANCE);
    }
  }

  private void onInputEnd(HttpHeaders read) {
    endBatch();
    inputEnded = true;
    trailers = read;
    if (receiver != null && !over) {
      receiver.onFinish(read);
    } else {
      endUntold = true;
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    endBatch();
  }

  private void endBatch() {
    if (batch && receiver != null && !over) {
      batch = false;
      receiver.onBatchEnd();
    }
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      batch = true;
      to.onBytes(bytes);
    }
    endBatch();
    if (endUntold && !over) {
      endUntold = false;
      to.onFinish(trailers);
    }
    if (failure != null) {
      to.onReset(failure, null);
    }
  }

  @Override
  public void read() {
    if (!over && !inputEnded) {
      channel.read();
    }
  }

  @Override
  public void request(RequestHead request, boolean end) {
    throw new IllegalStateException("a client's stream sends no requests");
  }

  @Override
  public void response(ResponseHead response, boolean end) {
    if (over) {
      return;
    }
    if (!response.isInformational()) {
      answered = true;
    }
    channel.write(
        new DefaultHttp2HeadersFrame(
            Http2Heads.response(response.status(), response.headers()), end),
        channel.voidPromise());
    if (end) {
      ended();
    }
  }

  @Override
  public void write(ByteBuf bytes) {
    if (over || outputEnded) {
      bytes.release();
    } else {
      channel.write(new DefaultHttp2DataFrame(bytes), channel.voidPromise());
    }
  }

  @Override
  public void finish(HttpHeaders last) {
    if (over || outputEnded) {
      return;
    }
    if (last.isEmpty()) {
      channel.write(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true), channel.voidPromise());
    } else {
      channel.write(
          new DefaultHttp2HeadersFrame(Http2Heads.trailers(last), true), channel.voidPromise());
    }
    ended();
  }

  private void ended() {
    outputEnded = true;
    if (inputEnded || upgrade) {
      return;
    }
    // Answered before the request was over: nobody wants the rest (RFC 9113 §8.1).
    channel.write(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR), channel.voidPromise());
    channel.flush();
    Receiver waiting = receiver;
    receiver = null;
    over = true;
    if (waiting != null) {
      loop().execute(() -> waiting.onReset(Reason.CANCELLED, "answered before its end"));
    }
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean writable() {
    return channel.isWritable();
  }

  @Override
  public void reset(Reason reason) {
    if (!over) {
      over = true;
      abort(Resets.code(reason));
    }
  }

  private void abort(Http2Error error) {
    over = true;
    if (channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(error));
      channel.close();
    }
  }

  private void fail(Reason reason, @Nullable String detail) {
    if (over || inputEnded && outputEnded) {
      return;
    }
    over = true;
    if (receiver == null) {
      failure = reason;
    } else {
      receiver.onReset(reason, detail);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (receiver != null && !over && channel.isWritable()) {
      receiver.onWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof Http2ResetFrame reset) {
      fail(Resets.reason(reset.errorCode()), null);
      ctx.close();
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2Exception broken && channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(broken.error()));
      fail(Reason.PROTOCOL_ERROR, String.valueOf(broken.getMessage()));
    } else {
      fail(Reason.INTERNAL_ERROR, cause.toString());
    }
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      bytes.release();
    }
    fail(Reason.CONNECTION_LOST, null);
  }
}
