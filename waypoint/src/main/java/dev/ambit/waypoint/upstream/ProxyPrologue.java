package dev.ambit.waypoint.upstream;

import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The header of the PROXY protocol (spec: traffic-policy §7), as ISO-8859-1. */
final class ProxyPrologue {
  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final byte VERSION_2_PROXY = 0x21;
  private static final byte TCP_OVER_IPV4 = 0x11;
  private static final byte TCP_OVER_IPV6 = 0x21;

  private ProxyPrologue() {}

  static String of(ProxyProtocol version, InetSocketAddress from, InetSocketAddress to) {
    byte[] source = from.getAddress().getAddress();
    byte[] destination = to.getAddress().getAddress();
    boolean sameFamily = source.length == destination.length;
    return switch (version) {
      case V1 -> sameFamily ? text(from, to) : "PROXY UNKNOWN\r\n";
      case V2 -> {
        int length = sameFamily ? 2 * source.length + 4 : 0;
        ByteBuffer header = ByteBuffer.allocate(SIGNATURE.length + 4 + length);
        header.put(SIGNATURE).put(VERSION_2_PROXY);
        header.put(!sameFamily ? 0 : source.length == 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6);
        header.putShort((short) length);
        if (sameFamily) {
          header.put(source).put(destination);
          header.putShort((short) from.getPort()).putShort((short) to.getPort());
        }
        yield new String(header.array(), StandardCharsets.ISO_8859_1);
      }
    };
  }

  private static String text(InetSocketAddress from, InetSocketAddress to) {
    String family = from.getAddress().getAddress().length == 4 ? "TCP4" : "TCP6";
    return "PROXY "
        + family
        + " "
        + from.getAddress().getHostAddress()
        + " "
        + to.getAddress().getHostAddress()
        + " "
        + from.getPort()
        + " "
        + to.getPort()
        + "\r\n";
  }
}
