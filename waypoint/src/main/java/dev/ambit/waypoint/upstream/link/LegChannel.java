package dev.ambit.waypoint.upstream.link;

import dev.ambit.dataplane.relay.Leg;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.net.SocketAddress;

/**
 * A leg as a Netty channel, so that codecs run in a tunnel's stream as they do on a socket. An end
 * of the far half is the end of the channel. Confined to its event loop.
 */
final class LegChannel extends AbstractChannel implements Leg.Receiver {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
  private static final WriteBufferWaterMark WATERMARK =
      new WriteBufferWaterMark(32 * 1024, 64 * 1024);

  private final Leg leg;
  private final SocketAddress local;
  private final SocketAddress remote;
  private final ChannelConfig config = new DefaultChannelConfig(this);
  private boolean closed;

  private LegChannel(Leg leg, SocketAddress local, SocketAddress remote) {
    super(null);
    this.leg = leg;
    this.local = local;
    this.remote = remote;
    config.setAutoRead(false);
    config.setWriteBufferWaterMark(WATERMARK);
  }

  /**
   * Takes over {@code leg}, which has not been started; {@code handler} sees all of it, once the
   * channel is {@link #begin begun}.
   */
  static LegChannel of(Leg leg, SocketAddress local, SocketAddress remote, ChannelHandler handler) {
    LegChannel channel = new LegChannel(leg, local, remote);
    channel.pipeline().addLast(handler);
    return channel;
  }

  /** Nothing may be done with the channel before {@code then}, which Netty may put off a little. */
  void begin(EventLoop loop, Runnable then) {
    loop.register(this)
        .addListener(_ -> {
          leg.start(this);
          then.run();
        });
  }

  /** Ends our half after what was flushed. */
  void finish() {
    leg.finish();
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new LegUnsafe();
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return true;
  }

  @Override
  protected SocketAddress localAddress0() {
    return local;
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return remote;
  }

  @Override
  protected void doBind(SocketAddress address) {
    throw new UnsupportedOperationException("a leg is bound already");
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doClose() {
    if (!closed) {
      closed = true;
      leg.abort();
    }
  }

  @Override
  protected void doBeginRead() {
    leg.read();
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer queued) {
    boolean wrote = false;
    while (leg.writable() && queued.current() instanceof ByteBuf bytes) {
      // The end of a message without trailers is no bytes at all, and would be a frame.
      if (bytes.isReadable()) {
        leg.write(bytes.retain());
        wrote = true;
      }
      queued.remove();
    }
    if (wrote) {
      leg.flush();
    }
  }

  @Override
  protected Object filterOutboundMessage(Object message) {
    if (message instanceof ByteBuf) {
      return message;
    }
    throw new UnsupportedOperationException("a leg takes bytes, got " + message.getClass());
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return !closed;
  }

  @Override
  public boolean isActive() {
    return !closed;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (closed) {
      bytes.release();
    } else {
      pipeline().fireChannelRead(bytes);
    }
  }

  @Override
  public void onBatchEnd() {
    if (!closed) {
      pipeline().fireChannelReadComplete();
    }
  }

  @Override
  public void onWritable() {
    if (!closed) {
      ((LegUnsafe) unsafe()).flushQueued();
    }
  }

  @Override
  public void onFinish() {
    over();
  }

  @Override
  public void onFinished() {}

  @Override
  public void onGone() {
    if (!closed) {
      // No end of the bytes was said, so they may not be all.
      pipeline().fireExceptionCaught(new LinkFailure("the tunnel's stream was reset"));
    }
    over();
  }

  @Override
  public void onBroken(Throwable cause) {
    if (!closed) {
      pipeline().fireExceptionCaught(cause);
    }
    over();
  }

  private void over() {
    if (!closed) {
      unsafe().close(voidPromise());
    }
  }

  /** Writes at once; connecting is done by the leg. */
  private final class LegUnsafe extends AbstractUnsafe {
    @Override
    public void connect(SocketAddress to, SocketAddress from, ChannelPromise promise) {
      promise.setFailure(new UnsupportedOperationException("a leg is connected already"));
    }

    private void flushQueued() {
      flush0();
    }
  }
}
