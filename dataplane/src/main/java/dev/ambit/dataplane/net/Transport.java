package dev.ambit.dataplane.net;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The event loops of this process and the kind of their sockets: everything that differs between
 * epoll, io_uring and NIO. A loop is a complete single-threaded proxy; nothing on it may block.
 */
public final class Transport implements AutoCloseable {
  /** How the kernel is asked for events. */
  public enum Kind {
    /** The one that measures best and is there: epoll, else NIO. */
    AUTO,
    EPOLL,
    IO_URING,
    /** For development off Linux: no marks, no original destination, no spoofed source. */
    NIO
  }

  /**
   * Netty tells of each protocol error of a peer at INFO. Kept in a field, or the level would be
   * forgotten with the logger.
   */
  private static final Logger NETTY_LOG = Logger.getLogger("io.netty");

  static {
    NETTY_LOG.setLevel(Level.WARNING);
  }

  private final Parts parts;
  private final MultiThreadIoEventLoopGroup group;
  private final List<EventLoop> loops = new ArrayList<>();

  /** What differs between the kinds. */
  private record Parts(
      Kind kind,
      IoHandlerFactory handlers,
      Supplier<? extends ServerChannel> listener,
      Supplier<? extends SocketChannel> socket,
      Supplier<? extends DatagramChannel> datagrams) {}

  private Transport(Parts parts, int threads) {
    this.parts = parts;
    // Platform threads: sockets inside namespaces are made by setns on the loop's own thread.
    group =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory("loop", true, Thread.NORM_PRIORITY), parts.handlers);
    for (EventExecutor loop : group) {
      loops.add((EventLoop) loop);
    }
  }

  /** Starts {@code loops} event loops; throws when {@code kind} is not to be had here. */
  public static Transport open(Kind kind, int loops) {
    return new Transport(parts(kind), loops);
  }

  private static Parts parts(Kind kind) {
    return switch (kind) {
      case AUTO -> parts(Epoll.isAvailable() ? Kind.EPOLL : Kind.NIO);
      case EPOLL -> {
        require(kind, Epoll.isAvailable(), Epoll.unavailabilityCause());
        yield new Parts(
            kind,
            WatchfulEpoll.newFactory(),
            EpollServerSocketChannel::new,
            EpollSocketChannel::new,
            EpollDatagramChannel::new);
      }
      case IO_URING -> {
        require(kind, IoUring.isAvailable(), IoUring.unavailabilityCause());
        yield new Parts(
            kind,
            IoUringIoHandler.newFactory(),
            IoUringServerSocketChannel::new,
            IoUringSocketChannel::new,
            IoUringDatagramChannel::new);
      }
      case NIO ->
          new Parts(
              kind,
              NioIoHandler.newFactory(),
              NioServerSocketChannel::new,
              NioSocketChannel::new,
              NioDatagramChannel::new);
    };
  }

  private static void require(Kind kind, boolean available, Throwable cause) {
    if (!available) {
      throw new Unavailable("AMBIT_TRANSPORT: got " + kind + ", which this machine lacks", cause);
    }
  }

  /** A transport this machine does not have. */
  public static final class Unavailable extends RuntimeException {
    Unavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The kind in use; never {@link Kind#AUTO}. */
  public Kind kind() {
    return parts.kind;
  }

  public List<EventLoop> loops() {
    return loops;
  }

  /** All loops, handing out one after the other. */
  EventLoopGroup group() {
    return group;
  }

  ServerChannel newListener() {
    return parts.listener.get();
  }

  SocketChannel newSocket() {
    return parts.socket.get();
  }

  DatagramChannel newDatagrams() {
    return parts.datagrams.get();
  }

  /** Ends the loops; what is still open on them is closed. Blocks up to five seconds. */
  @Override
  public void close() {
    // The quiet time lets closes that io_uring does in two steps come to their end.
    group
        .shutdownGracefully(50, 5_000, TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
