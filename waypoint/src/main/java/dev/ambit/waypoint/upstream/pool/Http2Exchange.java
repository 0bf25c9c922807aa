package dev.ambit.waypoint.upstream.pool;

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
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** One request and its response in a stream of HTTP/2. Confined to its loop. */
final class Http2Exchange extends ChannelInboundHandlerAdapter implements HttpStream {
  private static final WriteBufferWaterMark WATERMARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);
  private static final int MOST_HEADERS = 100;

  private final Http2Connection connection;
  private final Inbox inbox = new Inbox();
  private @Nullable Channel channel;
  private @Nullable RequestHead request;
  private boolean responseSeen;
  private boolean responseEnded;
  private boolean requestEnded;
  private boolean peerReset;
  private boolean asked;
  private boolean blocked;
  private boolean over;

  Http2Exchange(Http2Connection connection) {
    this.connection = connection;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    channel.config().setAutoRead(false);
    channel.config().setWriteBufferWaterMark(WATERMARK);
    channel.config().setRecvByteBufAllocator(BatchReads.FRAMES);
  }

  private Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  @Override
  public EventLoop loop() {
    return channel().eventLoop();
  }

  @Override
  public void start(Receiver receiver) {
    inbox.start(receiver);
  }

  @Override
  public void read() {
    if (!over && !responseEnded) {
      asked = true;
      channel().read();
    }
  }

  @Override
  public void request(RequestHead head, boolean end) {
    if (!over) {
      request = head;
      requestEnded = end && head.upgrade().isEmpty();
      channel()
          .write(new DefaultHttp2HeadersFrame(Translation.http2(head), requestEnded))
          .addListener(sent -> {
            if (!sent.isSuccess() && !over) {
              // Without its head whole the endpoint cannot have looked at the request.
              inbox.reset(Reason.REFUSED, String.valueOf(sent.cause().getMessage()));
              over();
              channel().close();
            }
          });
    }
  }

  @Override
  public void response(ResponseHead head, boolean end) {
    throw new IllegalStateException("a response goes towards a client");
  }

  @Override
  public void write(ByteBuf bytes) {
    if (over || requestEnded) {
      bytes.release();
    } else {
      channel().write(new DefaultHttp2DataFrame(bytes), channel().voidPromise());
    }
  }

  @Override
  public void finish(HttpHeaders trailers) {
    if (over || requestEnded) {
      return;
    }
    requestEnded = true;
    if (trailers.isEmpty()) {
      channel().writeAndFlush(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true));
    } else {
      channel().writeAndFlush(new DefaultHttp2HeadersFrame(Translation.trailers(trailers), true));
    }
  }

  @Override
  public void flush() {
    if (!over) {
      channel().flush();
    }
  }

  @Override
  public boolean writable() {
    blocked = !over && !channel().isWritable();
    return !blocked;
  }

  @Override
  public void reset(Reason reason) {
    inbox.close();
    end(
        switch (reason) {
          case PROTOCOL_ERROR -> Http2Error.PROTOCOL_ERROR;
          case INTERNAL_ERROR -> Http2Error.INTERNAL_ERROR;
          case REFUSED, RESET, CONNECTION_LOST, CANCELLED -> Http2Error.CANCEL;
        });
  }

  private void end(Http2Error error) {
    if (!over) {
      over();
      if (channel().isActive()) {
        channel().writeAndFlush(new DefaultHttp2ResetFrame(error));
      }
      channel().close();
    }
  }

  private void over() {
    over = true;
    if (blocked) {
      blocked = false;
      inbox.writable();
    }
  }

  private void broken(Reason reason, String detail) {
    if (!over) {
      inbox.reset(reason, detail);
      end(reason == Reason.PROTOCOL_ERROR ? Http2Error.PROTOCOL_ERROR : Http2Error.CANCEL);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    switch (message) {
      case Http2HeadersFrame headers when !over -> onHeaders(headers);
      case Http2DataFrame data when !over -> onData(data);
      default -> ReferenceCountUtil.release(message);
    }
  }

  private void onHeaders(Http2HeadersFrame frame) {
    HttpHeaders headers = Translation.regular(frame.headers());
    if (headers == null) {
      broken(Reason.PROTOCOL_ERROR, "a header of HTTP/1.1 in HTTP/2");
    } else if (responseSeen) {
      if (frame.isEndStream()) {
        finished(headers);
      } else {
        broken(Reason.PROTOCOL_ERROR, "headers behind the response that end nothing");
      }
    } else if (headers.size() > MOST_HEADERS) {
      broken(Reason.PROTOCOL_ERROR, "more than " + MOST_HEADERS + " response headers");
    } else {
      onResponse(status(frame.headers().status()), headers, frame.isEndStream());
    }
  }

  private void onResponse(int status, HttpHeaders headers, boolean end) {
    if (status < 100 || status == 101) {
      broken(Reason.PROTOCOL_ERROR, "a response without a status HTTP/2 knows");
      return;
    }
    ResponseHead head = new ResponseHead(status, headers);
    if (head.isInformational()) {
      if (end) {
        broken(Reason.PROTOCOL_ERROR, "the stream ended without a response");
      } else {
        inbox.head(head);
      }
      return;
    }
    responseSeen = true;
    inbox.head(switched(head));
    if (end && !over) {
      finished(EmptyHttpHeaders.INSTANCE);
    }
  }

  /** A granted upgrade looks as it does in HTTP/1.1, whatever the versions of the two sides. */
  private ResponseHead switched(ResponseHead head) {
    RequestHead asking = request;
    if (asking == null || asking.upgrade().isEmpty() || head.status() != 200) {
      return head;
    }
    String accept = Translation.websocketAccept(asking);
    if (accept != null) {
      head.headers().set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, accept);
    }
    return new ResponseHead(101, head.headers());
  }

  /** Three digits, else 0. */
  private static int status(@Nullable CharSequence text) {
    if (text == null || text.length() != 3) {
      return 0;
    }
    int status = 0;
    for (int i = 0; i < 3; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return 0;
      }
      status = status * 10 + digit;
    }
    return status;
  }

  private void onData(Http2DataFrame frame) {
    if (!responseSeen) {
      frame.release();
      broken(Reason.PROTOCOL_ERROR, "bytes before the response");
      return;
    }
    boolean end = frame.isEndStream();
    inbox.bytes(frame.content());
    if (end && !over) {
      finished(EmptyHttpHeaders.INSTANCE);
    }
  }

  private void finished(HttpHeaders trailers) {
    responseEnded = true;
    inbox.end(trailers);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    boolean hungry = asked;
    asked = false;
    if (!inbox.batchEnd() && hungry && !over && !responseEnded) {
      asked = true;
      ctx.read();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable() && !over) {
      blocked = false;
      inbox.writable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    switch (event) {
      case Http2ResetFrame reset -> onReset(reset.errorCode());
      case Http2GoAwayFrame goAway -> {
        goAway.release();
        if (!over && !responseEnded) {
          inbox.reset(Reason.REFUSED, "the endpoint went away before it looked at the request");
        }
        end(Http2Error.CANCEL);
      }
      default -> ReferenceCountUtil.release(event);
    }
  }

  private void onReset(long code) {
    peerReset = true;
    if (code == Http2Error.NO_ERROR.code() || over || responseEnded) {
      // What was sent before is still delivered; the channel closes behind it.
      return;
    }
    if (code == Http2Error.REFUSED_STREAM.code()) {
      inbox.reset(Reason.REFUSED, "refused stream");
    } else {
      inbox.reset(Reason.RESET, "remote reset: " + Http2Error.valueOf(code));
    }
    over();
    channel().close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof Http2Exception broken && ctx.channel().isActive() && !over) {
      ctx.writeAndFlush(new DefaultHttp2ResetFrame(broken.error()));
    }
    if (!over && !responseEnded) {
      inbox.reset(Reason.PROTOCOL_ERROR, String.valueOf(cause.getMessage()));
    }
    over();
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!over) {
      if (!responseEnded) {
        lost(connection.brokenBy());
      }
      over();
    }
  }

  private void lost(@Nullable Throwable cause) {
    if (peerReset) {
      inbox.reset(Reason.RESET, "remote reset");
    } else if (cause == null) {
      inbox.reset(Reason.CONNECTION_LOST, "connection termination");
    } else {
      boolean protocol = Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null;
      inbox.reset(
          protocol ? Reason.PROTOCOL_ERROR : Reason.CONNECTION_LOST,
          String.valueOf(cause.getMessage()));
    }
  }
}
