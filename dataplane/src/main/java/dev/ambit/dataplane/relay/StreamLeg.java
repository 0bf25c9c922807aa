package dev.ambit.dataplane.relay;

import dev.ambit.dataplane.net.BatchReads;
import dev.ambit.dataplane.tls.MeshTls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 stream as one side of a relay (spec: hbone §9). The peer gets credit for a batch only
 * when the next one is asked for, so a stalled reader on the other side closes the stream's window.
 */
public final class StreamLeg extends ChannelInboundHandlerAdapter implements Leg {
  private static final WriteBufferWaterMark WATERMARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  /** What comes before the bytes: the opening of the stream, seen by who opened or accepted it. */
  public interface Opening {
    /** Headers arrived: the request on a server, the response on a client. */
    void onHeaders(StreamLeg leg, Http2HeadersFrame headers);

    /** The stream ended before {@link #start}; {@code cause} says how. */
    void onFailed(Throwable cause);
  }

  private final Http2StreamChannel channel;
  private final Opening opening;
  private final ChannelFutureListener outputDone = this::outputDone;
  private final Queue<ByteBuf> early = new ArrayDeque<>(0);
  private @Nullable Receiver receiver;
  private @Nullable Throwable failure;
  private boolean headersSeen;
  private boolean batch;
  private boolean inputEnded;
  private boolean finishing;
  private boolean finished;
  private boolean closing;
  private boolean peerReset;
  private boolean over;

  private StreamLeg(Http2StreamChannel channel, Opening opening) {
    this.channel = channel;
    this.opening = opening;
  }

  /** Makes {@code channel} a leg that waits for headers. */
  public static StreamLeg on(Http2StreamChannel channel, Opening opening) {
    StreamLeg leg = new StreamLeg(channel, opening);
    channel.config().setAutoRead(false);
    channel.config().setWriteBufferWaterMark(WATERMARK);
    channel.config().setRecvByteBufAllocator(BatchReads.FRAMES);
    channel.pipeline().addLast(leg);
    return leg;
  }

  /** The peer reset the stream with an error. */
  public static final class StreamReset extends RuntimeException {
    private final long code;

    StreamReset(long code) {
      super("stream reset by the peer: " + Http2Error.valueOf(code), null, false, false);
      this.code = code;
    }

    /** Whether the peer has certainly not looked at the request, so that it may be sent again. */
    public boolean refused() {
      return code == Http2Error.REFUSED_STREAM.code();
    }
  }

  /** The connection below the stream broke. */
  public static final class ConnectionLost extends RuntimeException {
    ConnectionLost(String message, @Nullable Throwable cause) {
      super(message, cause, false, false);
    }
  }

  public Http2StreamChannel channel() {
    return channel;
  }

  @Override
  public void start(Receiver to) {
    receiver = to;
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      batch = true;
      to.onBytes(bytes);
    }
    endBatch();
    if (inputEnded) {
      to.onFinish();
    }
    if (over) {
      ended(failure);
    }
  }

  @Override
  public void read() {
    channel.read();
  }

  @Override
  public void write(ByteBuf bytes) {
    if (peerReset) {
      // A failed write would close the channel and lose what the peer sent before its reset.
      bytes.release();
      return;
    }
    channel.write(new DefaultHttp2DataFrame(bytes), channel.voidPromise());
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
  public void finish() {
    if (finishing) {
      return;
    }
    finishing = true;
    if (peerReset) {
      onFinished();
    } else {
      channel
          .writeAndFlush(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true))
          .addListener(outputDone);
    }
  }

  private void outputDone(ChannelFuture written) {
    if (written.isSuccess()) {
      onFinished();
    } else if (closing) {
      // The stream is dead already. Frames nobody will ask for may still lie in the channel, and
      // only a close lets go of them.
      channel.close();
    }
  }

  private void onFinished() {
    finished = true;
    if (closing) {
      channel.close();
    }
    if (receiver != null) {
      receiver.onFinished();
    }
  }

  @Override
  public void close() {
    closing = true;
    if (finished) {
      channel.close();
    } else {
      finish();
    }
  }

  @Override
  public void abort() {
    over = true;
    channel.close();
  }

  @Override
  public void reset() {
    reset(Http2Error.INTERNAL_ERROR);
  }

  /** Ends both directions with {@code error}. */
  public void reset(Http2Error error) {
    over = true;
    if (channel.isActive()) {
      channel.writeAndFlush(new DefaultHttp2ResetFrame(error));
      channel.close();
    }
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
      case Http2HeadersFrame headers -> onHeaders(headers);
      default -> ReferenceCountUtil.release(msg);
    }
  }

  private void onData(Http2DataFrame data) {
    if (!data.content().isReadable()) {
      data.release();
    } else if (receiver == null) {
      // Came in one turn with the headers; later ones wait in the channel until asked for.
      early.add(data.content());
    } else {
      batch = true;
      receiver.onBytes(data.content());
    }
    if (data.isEndStream()) {
      endBatch();
      inputEnded();
    }
  }

  private void onHeaders(Http2HeadersFrame headers) {
    if (!headersSeen) {
      headersSeen = true;
      inputEnded = headers.isEndStream();
      opening.onHeaders(this, headers);
    } else if (headers.isEndStream()) {
      // Trailers mean nothing here, but they end the stream.
      inputEnded();
    }
  }

  private void inputEnded() {
    inputEnded = true;
    if (receiver != null && !over) {
      receiver.onFinish();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    endBatch();
  }

  private void endBatch() {
    if (batch && receiver != null) {
      batch = false;
      receiver.onBatchEnd();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (receiver != null && channel.isWritable()) {
      receiver.onWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    switch (event) {
      case Http2ResetFrame reset -> onReset(reset.errorCode());
      case Http2GoAwayFrame goAway -> {
        // The peer names this stream as one it never looked at.
        goAway.release();
        end(new StreamReset(Http2Error.REFUSED_STREAM.code()));
        channel.close();
      }
      default -> ctx.fireUserEventTriggered(event);
    }
  }

  private void onReset(long code) {
    boolean orderly =
        code == Http2Error.NO_ERROR.code()
            || code == Http2Error.CANCEL.code()
            || code == Http2Error.STREAM_CLOSED.code();
    if (orderly && headersSeen) {
      // What is queued is still delivered; the channel closes behind it.
      peerReset = true;
    } else {
      end(new StreamReset(code));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2Exception broken && channel.isActive()) {
      // The peer is told which mistake of its ended the stream.
      channel.writeAndFlush(new DefaultHttp2ResetFrame(broken.error()));
    }
    end(new ConnectionLost(String.valueOf(cause.getMessage()), cause));
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      bytes.release();
    }
    boolean orderly = inputEnded && finished || closing || peerReset;
    end(orderly ? null : below());
  }

  /** Why the connection below is gone. */
  private RuntimeException below() {
    RuntimeException revoked = channel.parent().attr(MeshTls.REVOKED).get();
    return revoked == null
        ? new ConnectionLost("the tunnel closed below the stream", null)
        : revoked;
  }

  private void end(@Nullable Throwable cause) {
    if (!over) {
      over = true;
      failure = cause;
      ended(cause);
    }
  }

  private void ended(@Nullable Throwable cause) {
    if (receiver == null) {
      opening.onFailed(cause == null ? new StreamReset(Http2Error.CANCEL.code()) : cause);
    } else if (cause == null) {
      receiver.onGone();
    } else {
      receiver.onBroken(cause);
    }
  }
}
