package dev.ambit.waypoint.upstream.link;

import dev.ambit.dataplane.relay.Leg;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * What is inside TLS as a leg. {@code close_notify} is its half close; an end without one is a
 * broken leg, for bytes may be missing. The last handler of its channel; confined to its loop.
 */
final class TlsLeg extends ChannelInboundHandlerAdapter implements Leg {
  private final Queue<ByteBuf> early = new ArrayDeque<>(0);
  private @Nullable ChannelHandlerContext context;
  private @Nullable Receiver receiver;
  private boolean batch;
  private boolean inputEnded;
  private boolean finishing;
  private boolean over;
  private @Nullable Throwable brokenBy;

  TlsLeg() {}

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  private ChannelHandlerContext context() {
    return java.util.Objects.requireNonNull(context);
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
      ended(to);
    }
  }

  @Override
  public void read() {
    context().read();
  }

  @Override
  public void write(ByteBuf bytes) {
    context().write(bytes, context().voidPromise());
  }

  @Override
  public void flush() {
    context().flush();
  }

  @Override
  public boolean writable() {
    return context().channel().isWritable();
  }

  @Override
  public void finish() {
    if (finishing) {
      return;
    }
    finishing = true;
    SslHandler tls = context().pipeline().get(SslHandler.class);
    context().writeAndFlush(Unpooled.EMPTY_BUFFER);
    if (tls == null) {
      context().close();
      return;
    }
    tls.closeOutbound()
        .addListener(sent -> {
          if (sent.isSuccess() && receiver != null && !over) {
            receiver.onFinished();
          }
        });
  }

  @Override
  public void close() {
    context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void abort() {
    over = true;
    context().close();
  }

  @Override
  public void reset() {
    abort();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (receiver == null) {
      early.add(bytes);
    } else {
      batch = true;
      receiver.onBytes(bytes);
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
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslCloseCompletionEvent closed && closed.isSuccess() && !inputEnded) {
      inputEnded = true;
      if (receiver != null && !over) {
        endBatch();
        receiver.onFinish();
      }
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (receiver != null && ctx.channel().isWritable()) {
      receiver.onWritable();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    brokenBy = cause;
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (over) {
      return;
    }
    over = true;
    if (receiver == null) {
      early.forEach(ByteBuf::release);
      early.clear();
    } else {
      ended(receiver);
    }
  }

  private void ended(Receiver to) {
    if (inputEnded) {
      to.onGone();
    } else {
      to.onBroken(brokenBy == null ? new LinkFailure("closed without close_notify") : brokenBy);
    }
  }
}
