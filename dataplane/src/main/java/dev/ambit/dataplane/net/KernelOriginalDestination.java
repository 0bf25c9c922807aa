package dev.ambit.dataplane.net;

import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** SO_ORIGINAL_DST by the connection's family. */
final class KernelOriginalDestination implements OriginalDestination {
  static final KernelOriginalDestination INSTANCE = new KernelOriginalDestination();

  private static final int SO_ORIGINAL_DST = 80;
  private static final RawUnixChannelOption IPV4 =
      new RawUnixChannelOption("SO_ORIGINAL_DST", 0, SO_ORIGINAL_DST, 16);
  private static final RawUnixChannelOption IPV6 =
      new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", 41, SO_ORIGINAL_DST, 28);

  private KernelOriginalDestination() {}

  @Override
  public InetSocketAddress of(Channel accepted) {
    // Addresses of a dual-stack socket come as IPv4 when they are IPv4-mapped.
    var arrived = (InetSocketAddress) accepted.localAddress();
    boolean ipv4 = arrived.getAddress() instanceof Inet4Address;
    try {
      ByteBuffer answer = accepted.config().getOption(ipv4 ? IPV4 : IPV6);
      return answer == null ? arrived : decode(answer, ipv4);
    } catch (ChannelException notRedirected) {
      return arrived;
    }
  }

  /** Reads a {@code sockaddr_in} or {@code sockaddr_in6}; both have the port, big-endian, at 2. */
  static InetSocketAddress decode(ByteBuffer sockaddr, boolean ipv4) {
    int port =
        Short.toUnsignedInt(sockaddr.duplicate().order(java.nio.ByteOrder.BIG_ENDIAN).getShort(2));
    byte[] address = new byte[ipv4 ? 4 : 16];
    sockaddr.duplicate().get(ipv4 ? 4 : 8, address);
    try {
      // The JDK folds IPv4-mapped IPv6 into IPv4.
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(ByteBufUtil.hexDump(address), impossible);
    }
  }
}
