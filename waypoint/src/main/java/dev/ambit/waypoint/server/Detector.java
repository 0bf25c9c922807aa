package dev.ambit.waypoint.server;

import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.waypoint.config.Destination;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Holds the first frames of a tunnel back until they say what the client speaks, then lets them go
 * to whoever speaks it. Sits before the leg of the stream. A client that says nothing for a while
 * waits for the server to speak first, which only bytes can.
 */
final class Detector extends ChannelInboundHandlerAdapter implements InsideConnection {
  /** More are not needed to tell. */
  private static final int MOST_BYTES = 64 * 1024;

  /** What is to be done with the stream. */
  interface Decided {
    void http1();

    void http2();

    void bytes(String serverName, StreamLeg leg);
  }

  private final Destination.Protocol protocol;
  private final FrontSettings settings;
  private final StreamLeg leg;
  private final Decided decided;
  private final List<Object> held = new ArrayList<>(2);
  private @Nullable Future<?> timer;
  private boolean ended;
  private boolean over;

  Detector(Destination.Protocol protocol, FrontSettings settings, StreamLeg leg, Decided decided) {
    this.protocol = protocol;
    this.settings = settings;
    this.leg = leg;
    this.decided = decided;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    boolean http = speaksHttp();
    long limit = (http ? settings.idle() : settings.detectTime()).toNanos();
    timer = ctx.executor().schedule(() -> silent(ctx), limit, TimeUnit.NANOSECONDS);
    ctx.read();
  }

  @Override
  public EventLoop loop() {
    return leg.channel().eventLoop();
  }

  /** A client that has said nothing yet may as well say it elsewhere. */
  @Override
  public void drain() {
    ChannelHandlerContext ctx = leg.channel().pipeline().context(this);
    if (!over && speaksHttp() && ctx != null) {
      if (timer != null) {
        timer.cancel(false);
      }
      long limit = FrontSettings.DRAIN_QUIET.toNanos();
      timer = loop().schedule(() -> silent(ctx), limit, TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public boolean isBusy() {
    return !held.isEmpty();
  }

  private boolean speaksHttp() {
    return switch (protocol) {
      case HTTP, HTTP2, GRPC -> true;
      case TCP, TLS, DETECT -> false;
    };
  }

  private void silent(ChannelHandlerContext ctx) {
    if (over) {
      return;
    }
    if (speaksHttp()) {
      ctx.channel().close();
    } else {
      toBytes(ctx, "");
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (over) {
      ctx.fireChannelRead(msg);
      return;
    }
    switch (msg) {
      case Http2DataFrame data -> {
        held.add(data);
        ended |= data.isEndStream();
      }
      case Http2HeadersFrame headers -> {
        held.add(headers);
        ended |= headers.isEndStream();
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (over) {
      ctx.fireChannelReadComplete();
      return;
    }
    ByteBuf bytes = bytes();
    try {
      decide(ctx, bytes);
    } finally {
      bytes.release();
    }
  }

  /** What was held back, looked at as one. */
  private ByteBuf bytes() {
    if (held.size() == 1 && held.getFirst() instanceof Http2DataFrame only) {
      return only.content().retain();
    }
    CompositeByteBuf all = Unpooled.compositeBuffer();
    for (Object frame : held) {
      if (frame instanceof Http2DataFrame data) {
        all.addComponent(true, data.content().retain());
      }
    }
    return all;
  }

  private void decide(ChannelHandlerContext ctx, ByteBuf bytes) {
    FirstBytes first =
        switch (protocol) {
          case HTTP, HTTP2, GRPC ->
              bytes.isReadable() ? FirstBytes.version(bytes) : FirstBytes.UNDECIDED;
          case TLS -> bytes.isReadable() ? FirstBytes.TLS : FirstBytes.UNDECIDED;
          case TCP, DETECT -> FirstBytes.look(bytes);
        };
    switch (first) {
      case HTTP_1 -> toHttp(ctx, false);
      case HTTP_2 -> toHttp(ctx, true);
      case OTHER -> toBytes(ctx, "");
      case TLS -> {
        Optional<String> name = TlsHello.serverName(bytes);
        if (name.isPresent()) {
          toBytes(ctx, name.get());
        } else {
          undecided(ctx, bytes);
        }
      }
      case UNDECIDED -> undecided(ctx, bytes);
    }
  }

  private void undecided(ChannelHandlerContext ctx, ByteBuf bytes) {
    if (!ended && bytes.readableBytes() < MOST_BYTES) {
      ctx.read();
    } else if (speaksHttp()) {
      toHttp(ctx, false);
    } else {
      toBytes(ctx, "");
    }
  }

  private void decided(ChannelHandlerContext ctx) {
    over = true;
    if (timer != null) {
      timer.cancel(false);
    }
    ctx.pipeline().remove(this);
  }

  private void toBytes(ChannelHandlerContext ctx, String serverName) {
    over = true;
    held.forEach(ctx::fireChannelRead);
    held.clear();
    decided(ctx);
    decided.bytes(serverName, leg);
  }

  private void toHttp(ChannelHandlerContext ctx, boolean two) {
    List<Object> frames = List.copyOf(held);
    held.clear();
    var pipeline = ctx.pipeline();
    decided(ctx);
    pipeline.remove(leg);
    if (two) {
      decided.http2();
    } else {
      decided.http1();
    }
    frames.forEach(pipeline::fireChannelRead);
    pipeline.fireChannelReadComplete();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    over = true;
    if (timer != null) {
      timer.cancel(false);
    }
    held.forEach(ReferenceCountUtil::release);
    held.clear();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    handlerRemoved(ctx);
    ctx.fireChannelInactive();
  }
}
