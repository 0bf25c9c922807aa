package dev.ambit.dataplane.net;

import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.net.ExtendedSocketOptions;

/**
 * Sets socket options by the names of the transport in use. An option the kernel refuses throws.
 * Accepted sockets inherit those of their listener, which saves five system calls each.
 */
final class SocketOptions {
  private static final int SOL_SOCKET = 1;
  private static final int IPPROTO_TCP = 6;

  /** Valid on IPv6 sockets too. */
  private static final int SOL_IP = 0;

  private static final ChannelOption<Integer> TRANSPARENT = raw("IP_TRANSPARENT", SOL_IP, 19);
  private static final ChannelOption<Integer> FREE_BIND = raw("IP_FREEBIND", SOL_IP, 15);
  private static final ChannelOption<Integer> BIND_ADDRESS_NO_PORT =
      raw("IP_BIND_ADDRESS_NO_PORT", SOL_IP, 24);
  private static final RawUnixChannelOption COOKIE =
      new RawUnixChannelOption("SO_COOKIE", SOL_SOCKET, 57, 8);
  private static final ChannelOption<Integer> MARK = raw("SO_MARK", SOL_SOCKET, 36);
  private static final ChannelOption<Integer> KEEP_ALIVE = raw("SO_KEEPALIVE", SOL_SOCKET, 9);
  private static final ChannelOption<Integer> NO_DELAY = raw("TCP_NODELAY", IPPROTO_TCP, 1);
  private static final ChannelOption<Integer> IDLE = raw("TCP_KEEPIDLE", IPPROTO_TCP, 4);
  private static final ChannelOption<Integer> INTERVAL = raw("TCP_KEEPINTVL", IPPROTO_TCP, 5);
  private static final ChannelOption<Integer> PROBES = raw("TCP_KEEPCNT", IPPROTO_TCP, 6);
  private static final ChannelOption<Integer> USER_TIMEOUT =
      raw("TCP_USER_TIMEOUT", IPPROTO_TCP, 18);

  private final Transport.Kind kind;
  private final SocketSettings settings;

  SocketOptions(Transport.Kind kind, SocketSettings settings) {
    this.kind = kind;
    this.settings = settings;
  }

  private static ChannelOption<Integer> raw(String name, int level, int number) {
    return new IntegerUnixChannelOption(name, level, number);
  }

  void listener(Channel channel) {
    set(channel, ChannelOption.SO_REUSEADDR, true);
    if (kind == Transport.Kind.NIO) {
      if (settings.reusePort()) {
        set(channel, NioChannelOption.of(java.net.StandardSocketOptions.SO_REUSEPORT), true);
      }
      return;
    }
    if (settings.reusePort()) {
      set(channel, UnixChannelOption.SO_REUSEPORT, true);
    }
    set(channel, NO_DELAY, 1);
    common(channel);
  }

  /** A datagram socket: others may be bound to the address of a {@code shared} one. */
  void datagrams(Channel channel, boolean shared) {
    if (kind == Transport.Kind.NIO) {
      return;
    }
    if (shared && settings.reusePort()) {
      set(channel, UnixChannelOption.SO_REUSEPORT, true);
    }
    if (settings.mark() != 0) {
      set(channel, MARK, settings.mark());
    }
  }

  void dialled(Channel channel) {
    set(channel, ChannelOption.TCP_NODELAY, true);
    if (kind == Transport.Kind.NIO) {
      if (settings.keepAliveTime() > 0) {
        set(channel, ChannelOption.SO_KEEPALIVE, true);
        set(
            channel,
            NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
            settings.keepAliveTime());
      }
      return;
    }
    common(channel);
  }

  private void common(Channel channel) {
    if (settings.mark() != 0) {
      set(channel, MARK, settings.mark());
    }
    if (settings.keepAliveTime() > 0) {
      set(channel, KEEP_ALIVE, 1);
      set(channel, IDLE, settings.keepAliveTime());
      set(channel, INTERVAL, settings.keepAliveInterval());
      set(channel, PROBES, settings.keepAliveProbes());
      if (settings.userTimeout()) {
        int seconds =
            settings.keepAliveTime() + settings.keepAliveInterval() * settings.keepAliveProbes();
        set(channel, USER_TIMEOUT, seconds * 1000);
      }
    }
  }

  /**
   * Lets the socket bind to an address that is not ours. Without IP_BIND_ADDRESS_NO_PORT the ports
   * of each client address run out: the bind would reserve one for all destinations.
   */
  void transparent(Channel channel) {
    if (kind == Transport.Kind.NIO) {
      throw new UnsupportedOperationException("NIO sockets cannot carry a foreign source");
    }
    set(channel, TRANSPARENT, 1);
    set(channel, FREE_BIND, 1);
    set(channel, BIND_ADDRESS_NO_PORT, 1);
  }

  /** SO_COOKIE: what tells this socket from any other with its addresses. */
  long cookie(Channel channel) {
    ByteBuffer cookie = channel.config().getOption(COOKIE);
    return cookie == null ? 0 : cookie.order(ByteOrder.nativeOrder()).getLong(0);
  }

  private static <T> void set(Channel channel, ChannelOption<T> option, T value) {
    if (!channel.config().setOption(option, value)) {
      throw new UnsupportedOperationException(
          "socket option " + option + " is unknown to " + channel.getClass().getSimpleName());
    }
  }
}
