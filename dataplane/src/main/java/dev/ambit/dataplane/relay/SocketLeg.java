package dev.ambit.dataplane.relay;

import dev.ambit.dataplane.net.Sockets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A TCP socket as one side of a relay. Put into the pipeline as soon as the socket exists: what
 * happens before {@link #start} is kept. A reset by the peer counts as its orderly end (spec: hbone
 * §9).
 */
public final class SocketLeg extends ChannelInboundHandlerAdapter implements Leg {
  private static final WriteBufferWaterMark WATERMARK =
      new WriteBufferWaterMark(64 * 1024, 256 * 1024);

  private final DuplexChannel channel;
  private final @Nullable Sockets local;
  private final ChannelFutureListener outputDone = this::outputDone;
  private final Queue<ByteBuf> early = new ArrayDeque<>(0);
  private @Nullable Receiver receiver;
  private @Nullable Runnable afterTheEnd;
  private boolean batch;
  private boolean inputEnded;
  private boolean finishing;
  private boolean finished;
  private boolean closing;
  private boolean gone;

  private SocketLeg(DuplexChannel channel, @Nullable Sockets local) {
    this.channel = channel;
    this.local = local;
  }

  /** Makes {@code channel}, which must not read by itself, a leg. */
  public static SocketLeg on(Channel channel) {
    return on(channel, null);
  }

  /**
   * The same for a connection within one namespace, whose socket is not to linger in TIME_WAIT: it
   * would stand in the way of the next connection with the same ports.
   */
  public static SocketLeg on(Channel channel, @Nullable Sockets local) {
    SocketLeg leg = new SocketLeg((DuplexChannel) channel, local);
    channel.config().setWriteBufferWaterMark(WATERMARK);
    channel.pipeline().addLast(leg);
    return leg;
  }

  public Channel channel() {
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
    if (gone) {
      to.onGone();
    }
  }

  @Override
  public void read() {
    channel.read();
  }

  @Override
  public void write(ByteBuf bytes) {
    channel.write(bytes, channel.voidPromise());
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
    if (!finishing) {
      finishing = true;
      // Shutting down fails what is queued, so an empty write goes behind it first.
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(outputDone);
    }
  }

  private void outputDone(ChannelFuture written) {
    if (written.isSuccess() && channel.isActive()) {
      if (local != null && !inputEnded) {
        // Ours is the first FIN, so TIME_WAIT would be at our end.
        afterTheEnd = local.withoutTimeWait(channel);
      }
      // Also before a close: with unread bytes around, a close alone would say RST before FIN.
      channel.shutdownOutput().addListener(_ -> onFinished());
    }
  }

  private void onFinished() {
    finished = true;
    if (closing) {
      channel.close();
    } else if (receiver != null) {
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
    channel.close();
  }

  @Override
  public void reset() {
    if (channel.isActive()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    channel.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    ByteBuf bytes = (ByteBuf) msg;
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
    if (event == ChannelInputShutdownEvent.INSTANCE && !inputEnded) {
      inputEnded = true;
      if (receiver != null && !gone) {
        receiver.onFinish();
      }
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (receiver != null && channel.isWritable()) {
      receiver.onWritable();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // Reset, broken pipe, timed out: the socket is of no more use in either direction.
    ctx.close();
    if (!(cause instanceof IOException) && receiver != null && !gone) {
      gone = true;
      receiver.onBroken(cause);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      bytes.release();
    }
    if (afterTheEnd != null && inputEnded) {
      afterTheEnd.run();
    }
    if (!gone) {
      gone = true;
      if (receiver != null) {
        receiver.onGone();
      }
    }
  }
}
