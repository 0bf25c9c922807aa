package dev.ambit.dataplane.net;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.kernel.Kernel.TimeWait;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.net.TransportSettings.OriginalSource;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens sockets inside one network namespace, with the options every socket of a proxy has (spec:
 * redirection §5, hbone §12). The kernel binds a socket to the namespace of the thread that makes
 * it, so each is made on the calling loop thread between two {@code setns}; everything after that
 * is ordinary. All sockets deliver nothing until {@code read()} and keep their open half when the
 * peer closes its own.
 */
public final class Sockets implements AutoCloseable {
  private static final Log LOG = Log.scope("net");
  private static final int BACKLOG = 4096;

  /**
   * 64 KiB reads: the measured knee of system calls per byte (design: stack §4). Less the header of
   * a DATA frame, so that a frame fills four TLS records and no fifth.
   */
  private static final BatchReads READS = new BatchReads(64 * 1024 - 9, 4);

  private final Transport transport;
  private final SocketSettings settings;
  private final @Nullable Netns network;
  private final SocketOptions options;
  private final AtomicBoolean warned = new AtomicBoolean();
  private final AtomicReference<@Nullable TimeWait> timeWait = new AtomicReference<>();

  /**
   * @param network where the sockets are; null for the namespace of this process. Borrowed.
   */
  public Sockets(Transport transport, SocketSettings settings, @Nullable Netns network) {
    this.transport = transport;
    this.settings = settings;
    this.network = network;
    this.options = new SocketOptions(transport.kind(), settings);
  }

  /**
   * Listens at {@code address}; accepted connections are spread over all loops.
   *
   * @param child set-up of an accepted channel, run on its own loop
   */
  public ChannelFuture listen(InetSocketAddress address, ChannelHandler child) {
    EventLoop loop = transport.group().next();
    return new ServerBootstrap()
        .group(loop, transport.group())
        .channelFactory(this::newListener)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
        .childOption(ChannelOption.AUTO_READ, false)
        .childOption(ChannelOption.RECVBUF_ALLOCATOR, READS)
        .childHandler(child)
        .bind(address);
  }

  /** The wildcard address listeners bind to: of both families, or of IPv4 only. */
  public InetSocketAddress wildcard(int port) {
    return new InetSocketAddress(settings.ipv6() ? "::" : "0.0.0.0", port);
  }

  private ServerChannel newListener() {
    ServerChannel channel = inside(transport::newListener);
    try {
      options.listener(channel);
      return channel;
    } catch (RuntimeException refused) {
      channel.unsafe().closeForcibly();
      throw refused;
    }
  }

  /**
   * Connects to {@code remote} on {@code loop}, whose thread must be the calling one.
   *
   * @param source the address to be seen at the far end, null for our own. Best effort unless the
   *     settings demand it
   */
  public ChannelFuture dial(
      EventLoop loop,
      InetSocketAddress remote,
      @Nullable InetAddress source,
      Duration timeout,
      ChannelHandler handler) {
    assert loop.inEventLoop() : "dialled off its loop";
    boolean spoof = source != null && settings.originalSource() != OriginalSource.FALSE;
    SocketChannel channel = inside(transport::newSocket);
    InetSocketAddress local = null;
    try {
      channel.config().setAllowHalfClosure(true);
      channel.config().setAutoRead(false);
      channel.config().setRecvByteBufAllocator(READS);
      channel.config().setConnectTimeoutMillis((int) timeout.toMillis());
      options.dialled(channel);
      if (spoof && spoofed(channel)) {
        local = new InetSocketAddress(source, 0);
      }
    } catch (RuntimeException refused) {
      channel.unsafe().closeForcibly();
      return failed(channel, refused);
    }
    channel.pipeline().addLast(handler);
    InetSocketAddress from = local;
    return registered(
        loop,
        channel,
        promise -> {
          if (from == null) {
            channel.connect(remote, promise);
          } else {
            channel.connect(remote, from, promise);
          }
        });
  }

  /**
   * Registers a channel and then opens it. Netty registers by a listener, which it puts off for a
   * while deep inside of others; a channel that is opened before never hears from the kernel.
   */
  private static ChannelFuture registered(
      EventLoop loop, Channel channel, Consumer<ChannelPromise> open) {
    ChannelPromise opened = channel.newPromise();
    loop.register(channel)
        .addListener(done -> {
          if (done.isSuccess()) {
            open.accept(opened);
          } else {
            opened.tryFailure(done.cause());
          }
        });
    // A failed connect leaves the descriptor open.
    return opened.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
  }

  /**
   * Takes datagrams at {@code local}, on {@code loop}, whose thread must be the calling one. Unlike
   * the other sockets it reads by itself.
   *
   * @param largest longer datagrams are cut
   */
  public ChannelFuture receive(
      EventLoop loop, InetSocketAddress local, int largest, ChannelHandler handler) {
    return datagrams(
        loop, largest, true, handler, (channel, promise) -> channel.bind(local, promise));
  }

  /** Exchanges datagrams with {@code remote} alone; else as {@link #receive}. */
  public ChannelFuture exchange(
      EventLoop loop, InetSocketAddress remote, int largest, ChannelHandler handler) {
    return datagrams(
        loop, largest, false, handler, (channel, promise) -> channel.connect(remote, promise));
  }

  private ChannelFuture datagrams(
      EventLoop loop,
      int largest,
      boolean shared,
      ChannelHandler handler,
      BiConsumer<DatagramChannel, ChannelPromise> open) {
    assert loop.inEventLoop() : "opened off its loop";
    DatagramChannel channel = inside(transport::newDatagrams);
    try {
      channel.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(largest));
      options.datagrams(channel, shared);
    } catch (RuntimeException refused) {
      channel.unsafe().closeForcibly();
      return failed(channel, refused);
    }
    channel.pipeline().addLast(handler);
    return registered(loop, channel, promise -> open.accept(channel, promise));
  }

  private boolean spoofed(Channel channel) {
    try {
      options.transparent(channel);
      return true;
    } catch (RuntimeException refused) {
      if (settings.originalSource() == OriginalSource.TRUE) {
        throw refused;
      }
      if (!warned.getAndSet(true)) {
        LOG.warn(
            "cannot keep the client's address toward applications; they will see the pod's own",
            "error",
            String.valueOf(refused.getMessage()));
      }
      return false;
    }
  }

  private static ChannelFuture failed(Channel channel, RuntimeException cause) {
    return new io.netty.channel.DefaultChannelPromise(
            channel, io.netty.util.concurrent.ImmediateEventExecutor.INSTANCE)
        .setFailure(cause);
  }

  /**
   * Prepares to remove {@code channel} from TIME_WAIT, where the kernel puts it when both ends have
   * closed and ours was first. Asked for before our FIN; the answer is run after the end. Only for
   * connections within one namespace, whose segments cannot come late.
   */
  public Runnable withoutTimeWait(Channel channel) {
    if (settings.mark() == 0 || transport.kind() == Transport.Kind.NIO) {
      return () -> {};
    }
    var local = (InetSocketAddress) channel.localAddress();
    var remote = (InetSocketAddress) channel.remoteAddress();
    long cookie = options.cookie(channel);
    return () -> timeWait().end(local, remote, cookie);
  }

  private TimeWait timeWait() {
    TimeWait opened = timeWait.get();
    if (opened == null) {
      TimeWait mine = TimeWait.in(network == null ? Netns.own() : network);
      opened = timeWait.compareAndExchange(null, mine);
      if (opened == null) {
        return mine;
      }
      mine.close();
    }
    return opened;
  }

  /** Gives back what was opened beside the sockets themselves. */
  @Override
  public void close() {
    TimeWait opened = timeWait.get();
    if (opened != null) {
      opened.close();
    }
  }

  private <T> T inside(Supplier<? extends T> work) {
    return network == null ? work.get() : network.<T>inside(work::get);
  }
}
