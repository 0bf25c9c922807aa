package dev.ambit.ztunnel.proxy;

import dev.ambit.model.identity.SpiffeId;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes the PROXY protocol v2 header of application tunnels (spec: hbone §7.2). */
final class ProxyHeader {
  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final int VERSION_2_PROXY = 0x21;
  private static final int UNSPECIFIED = 0x00;
  private static final int TCP_OVER_IPV4 = 0x11;
  private static final int TCP_OVER_IPV6 = 0x21;
  private static final int SOURCE_IDENTITY = 0xd0;

  private ProxyHeader() {}

  /** The header; without addresses when the two are of different families. */
  static byte[] of(InetSocketAddress source, InetSocketAddress destination, SpiffeId identity) {
    byte[] from = source.getAddress().getAddress();
    byte[] to = destination.getAddress().getAddress();
    byte[] name = identity.toString().getBytes(StandardCharsets.UTF_8);
    boolean sameFamily = from.length == to.length;
    int addresses = sameFamily ? 2 * from.length + 4 : 0;
    int family = !sameFamily ? UNSPECIFIED : from.length == 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
    ByteBuffer header = ByteBuffer.allocate(SIGNATURE.length + 4 + addresses + 3 + name.length);
    header.put(SIGNATURE);
    header.put((byte) VERSION_2_PROXY);
    header.put((byte) family);
    header.putShort((short) (addresses + 3 + name.length));
    if (sameFamily) {
      header.put(from);
      header.put(to);
      header.putShort((short) source.getPort());
      header.putShort((short) destination.getPort());
    }
    header.put((byte) SOURCE_IDENTITY);
    header.putShort((short) name.length);
    header.put(name);
    return header.array();
  }
}
