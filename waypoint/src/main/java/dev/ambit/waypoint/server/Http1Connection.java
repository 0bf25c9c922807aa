package dev.ambit.waypoint.server;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection of HTTP/1.1 inside a tunnel: one request after the other. Nothing is read
 * while a request is under way but what its service asks for. Loop confined.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter
    implements Http1Parser.Sink, InsideConnection, Http1Clock.Watched {
  private final Side side;
  private final Http1Parser parser;
  private final Http1Clock clock;
  private final ArrayDeque<ByteBuf> arrived = new ArrayDeque<>(2);
  private @Nullable ChannelHandlerContext context;
  private @Nullable Http1Head head;
  private @Nullable Http1Stream current;
  private Reason lost = Reason.CONNECTION_LOST;
  private boolean asked;
  private boolean headEnded;
  private boolean processing;
  private boolean inputClosed;
  private boolean last;
  private boolean draining;
  private boolean over;

  Http1Connection(Side side) {
    this.side = side;
    this.parser = new Http1Parser(side.settings(), this);
    this.clock = new Http1Clock(side.caller().loop(), side.settings(), this);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    clock.start();
  }

  private ChannelHandlerContext ctx() {
    if (context == null) {
      throw new IllegalStateException("not in a pipeline");
    }
    return context;
  }

  @Override
  public EventLoop loop() {
    return ctx().channel().eventLoop();
  }

  ByteBufAllocator alloc() {
    return ctx().alloc();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (!over && msg instanceof ByteBuf bytes) {
      clock.read();
      asked = false;
      arrived.add(bytes);
    } else {
      ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    turn();
  }

  /** Reads what has arrived as far as may be, and asks for more when a head is to come. */
  void turn() {
    if (processing || over) {
      return;
    }
    process();
    if (over) {
      return;
    }
    if (current != null) {
      current.onBatchEnd();
      if (current != null && current.isCut()) {
        // Answered before its end: what is left of the request cannot be told from the next.
        end();
      }
    }
    if (over || !arrived.isEmpty()) {
      return;
    }
    if (inputClosed) {
      inputEnded();
    } else if (current == null) {
      clock.inHead(parser.insideHead());
      ctx().read();
    }
  }

  private void process() {
    processing = true;
    try {
      while (!over && mayRead()) {
        ByteBuf in = arrived.poll();
        if (in == null) {
          break;
        }
        read(in);
        if (head != null && !over) {
          serve(head);
        }
      }
    } catch (Malformed malformed) {
      refuse(malformed);
    } finally {
      processing = false;
    }
  }

  private boolean mayRead() {
    if (current != null && current.isComplete()) {
      current = null;
      if (last) {
        end();
        return false;
      }
    }
    return current == null || current.takesBytes();
  }

  private void read(ByteBuf in) throws Malformed {
    boolean ours = true;
    try {
      ours = parser.read(in, alloc());
    } finally {
      if (ours && in.isReadable() && !over) {
        arrived.addFirst(in);
      } else if (ours) {
        in.release();
      }
    }
  }

  @Override
  public void head(Http1Head read) {
    head = read;
    headEnded = false;
  }

  @Override
  public void body(ByteBuf bytes) {
    if (current == null) {
      bytes.release();
    } else {
      current.onBytes(bytes);
    }
  }

  @Override
  public void end(HttpHeaders trailers) {
    if (head != null) {
      headEnded = true;
    } else if (current != null) {
      current.onInputEnd(trailers);
    }
  }

  private void serve(Http1Head read) throws Malformed {
    head = null;
    clock.inHead(false);
    if (!read.upgrade().isEmpty() && !arrived.isEmpty()) {
      throw new Malformed(400, "http1.codec_error: bytes before the upgrade was answered");
    }
    Http1Stream stream = new Http1Stream(this, read, headEnded);
    current = stream;
    String authority =
        read.authority().isEmpty() ? IpAddresses.print(side.caller().local()) : read.authority();
    RequestHead request =
        new RequestHead(
            read.method(),
            "http",
            authority,
            read.target(),
            read.headers(),
            read.upgrade(),
            read.is11() ? RequestHead.Version.HTTP_1_1 : RequestHead.Version.HTTP_1_0);
    side.service().serve(side.caller(), request, headEnded, stream);
  }

  private void refuse(Malformed malformed) {
    side.service().refused(side.caller(), malformed.status(), malformed.detail());
    Http1Stream stream = current;
    boolean answered = stream != null && stream.answered();
    if (stream != null) {
      stream.onReset(Reason.PROTOCOL_ERROR, malformed.detail());
    }
    if (answered) {
      abort(Reason.PROTOCOL_ERROR);
      return;
    }
    ByteBuf out = Http1Writer.head(alloc(), malformed.status(), EmptyHttpHeaders.INSTANCE);
    Http1Writer.field(out, HttpHeaderNames.CONTENT_LENGTH, "0");
    Http1Writer.field(out, HttpHeaderNames.CONNECTION, "close");
    Http1Writer.end(out);
    write(out);
    end();
  }

  /** Ends the connection after what is queued. */
  void end() {
    if (over) {
      return;
    }
    ctx().close();
    over();
  }

  private void over() {
    over = true;
    clock.stop();
    arrived.forEach(ByteBuf::release);
    arrived.clear();
    parser.release();
  }

  /** The client has closed its half, and everything before that was read. */
  private void inputEnded() {
    Http1Stream stream = current;
    if (stream == null) {
      end();
    } else if (stream.isRaw()) {
      if (!stream.inputEnded()) {
        stream.onInputEnd(EmptyHttpHeaders.INSTANCE);
      }
    } else if (stream.inputEnded() || !parser.insideRequest()) {
      last = true;
    } else {
      stream.onReset(Reason.CONNECTION_LOST, "the client ended in the middle of its request");
      abort(Reason.CANCELLED);
    }
  }

  /** The service wants more of the body. */
  void more() {
    if (arrived.isEmpty() && !inputClosed) {
      asked = true;
      ctx().read();
    } else {
      turn();
    }
  }

  void write(ByteBuf bytes) {
    ctx().write(bytes, ctx().voidPromise());
  }

  void flush() {
    if (!over) {
      ctx().flush();
    }
  }

  boolean writable() {
    return ctx().channel().isWritable();
  }

  /** No request may follow the one under way. */
  void last() {
    last = true;
  }

  boolean isLast() {
    return last || draining;
  }

  /** The connection is bytes from here on. */
  void raw() {
    last = true;
    parser.raw();
    if (inputClosed) {
      loop().execute(this::turn);
    }
  }

  void finishOutput() {
    ctx().writeAndFlush(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true));
  }

  /** The response is out. */
  void done() {
    if (draining) {
      clock.read();
    }
    turn();
  }

  void abort(Reason reason) {
    if (over) {
      return;
    }
    ctx().writeAndFlush(new DefaultHttp2ResetFrame(Resets.code(reason)));
    ctx().close();
    over();
  }

  @Override
  public boolean isIdle() {
    return current == null && !parser.insideHead();
  }

  @Override
  public boolean isStarved() {
    return current != null
        && asked
        && !current.inputEnded()
        && !current.isRaw()
        && parser.insideRequest();
  }

  @Override
  public void tooSlow(String what) {
    if (!over) {
      refuse(new Malformed(408, what));
    }
  }

  @Override
  public void unused() {
    end();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (current != null && ctx.channel().isWritable()) {
      current.onWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    switch (event) {
      case ChannelInputShutdownEvent _ -> {
        inputClosed = true;
        turn();
      }
      case Http2ResetFrame _ -> lost = Reason.RESET;
      default -> ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    Http1Stream stream = current;
    current = null;
    if (!over) {
      over();
    }
    if (stream != null) {
      stream.onReset(lost, null);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Http1Stream stream = current;
    if (stream != null) {
      stream.onReset(Reason.INTERNAL_ERROR, cause.toString());
    }
    abort(Reason.INTERNAL_ERROR);
  }

  @Override
  public void drain() {
    draining = true;
    if (!over) {
      clock.drain();
    }
  }

  @Override
  public boolean isBusy() {
    return current != null;
  }
}
