package dev.ambit.cli.up.capture;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the classic pcap format, Ethernet frames, either byte order, micro- or nanoseconds: a
 * header of 24 bytes, then records of 16 bytes and a frame. A record cut off at the end, as a
 * killed tcpdump leaves it, is not an error.
 */
final class PcapFile {
  private static final int MICROSECONDS = 0xa1b2c3d4;
  private static final int NANOSECONDS = 0xa1b23c4d;
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;
  private static final int ETHERNET_HEADER = 14;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;
  private static final int TCP = 6;

  private PcapFile() {}

  static List<Packet> read(Path file) throws IOException {
    return parse(Files.readAllBytes(file));
  }

  static List<Packet> parse(byte[] bytes) throws IOException {
    if (bytes.length < FILE_HEADER) {
      return List.of();
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int magic = in.getInt(0);
    if (magic != MICROSECONDS && magic != NANOSECONDS) {
      in.order(ByteOrder.LITTLE_ENDIAN);
      magic = in.getInt(0);
    }
    if (magic != MICROSECONDS && magic != NANOSECONDS) {
      throw new IOException(
          "pcap: got magic " + Integer.toHexString(magic) + ", expected a1b2c3d4 or a1b23c4d");
    }
    int fraction = magic == MICROSECONDS ? 1000 : 1;
    var packets = new ArrayList<Packet>();
    int at = FILE_HEADER;
    while (at + RECORD_HEADER <= bytes.length) {
      Instant when =
          Instant.ofEpochSecond(
              Integer.toUnsignedLong(in.getInt(at)), in.getInt(at + 4) * (long) fraction);
      int length = in.getInt(at + 8);
      at += RECORD_HEADER;
      if (length < 0 || at + length > bytes.length) {
        break;
      }
      frame(when, ByteBuffer.wrap(bytes, at, length).slice()).ifPresent(packets::add);
      at += length;
    }
    return packets;
  }

  private static Optional<Packet> frame(Instant when, ByteBuffer frame) throws IOException {
    if (frame.limit() < ETHERNET_HEADER) {
      return Optional.empty();
    }
    int type = Short.toUnsignedInt(frame.getShort(12));
    ByteBuffer packet = frame.slice(ETHERNET_HEADER, frame.limit() - ETHERNET_HEADER);
    if (type == IPV4 && packet.limit() >= 20) {
      int header = (packet.get(0) & 0xf) * 4;
      int total = Math.min(Short.toUnsignedInt(packet.getShort(2)), packet.limit());
      return packet.get(9) == TCP ? segment(when, packet, 12, 4, header, total) : Optional.empty();
    }
    if (type == IPV6 && packet.limit() >= 40) {
      int total = Math.min(40 + Short.toUnsignedInt(packet.getShort(4)), packet.limit());
      return packet.get(6) == TCP ? segment(when, packet, 8, 16, 40, total) : Optional.empty();
    }
    return Optional.empty();
  }

  /** {@code addresses}: where the two addresses of {@code width} bytes lie in the IP header. */
  private static Optional<Packet> segment(
      Instant when, ByteBuffer ip, int addresses, int width, int tcp, int total)
      throws IOException {
    if (tcp + 20 > total) {
      return Optional.empty();
    }
    int payload = tcp + ((ip.get(tcp + 12) >> 4) & 0xf) * 4;
    var bytes = new byte[Math.max(0, total - payload)];
    if (bytes.length > 0) {
      ip.get(payload, bytes);
    }
    return Optional.of(
        new Packet(
            when,
            address(ip, addresses, width),
            Short.toUnsignedInt(ip.getShort(tcp)),
            address(ip, addresses + width, width),
            Short.toUnsignedInt(ip.getShort(tcp + 2)),
            bytes));
  }

  private static InetAddress address(ByteBuffer ip, int at, int width) throws IOException {
    var bytes = new byte[width];
    ip.get(at, bytes);
    return InetAddress.getByAddress(bytes);
  }
}
