package dev.ambit.cli.up.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PcapFileTest {
  private static final int MICROSECONDS = 0xa1b2c3d4;
  private static final int NANOSECONDS = 0xa1b23c4d;

  @Test
  @DisplayName("an IPv4 segment: addresses, ports, payload without Ethernet padding, time")
  void ipv4() throws Exception {
    byte[] file = file(MICROSECONDS, ByteOrder.LITTLE_ENDIAN, ethernet(0x0800, ipv4("GET /"), 6));
    List<Packet> packets = PcapFile.parse(file);
    assertThat(packets).hasSize(1);
    Packet packet = packets.getFirst();
    assertThat(packet.source()).isEqualTo(InetAddress.getByName("10.77.1.11"));
    assertThat(packet.destination()).isEqualTo(InetAddress.getByName("10.77.2.12"));
    assertThat(packet.sourcePort()).isEqualTo(40000);
    assertThat(packet.destinationPort()).isEqualTo(15008);
    assertThat(packet.payload()).isEqualTo("GET /".getBytes(StandardCharsets.US_ASCII));
    assertThat(packet.at()).isEqualTo(Instant.ofEpochSecond(5, 7000));
    assertThat(packet.carries("ET /")).isTrue();
    assertThat(packet.carries("POST")).isFalse();
    assertThat(packet.touchesPort(15008)).isTrue();
  }

  @Test
  @DisplayName("an IPv6 segment, big-endian file with nanoseconds")
  void ipv6() throws Exception {
    byte[] file = file(NANOSECONDS, ByteOrder.BIG_ENDIAN, ethernet(0x86dd, ipv6("hi"), 0));
    Packet packet = PcapFile.parse(file).getFirst();
    assertThat(packet.source()).isEqualTo(InetAddress.getByName("fd77:1::11"));
    assertThat(packet.payload()).hasSize(2);
    assertThat(packet.at()).isEqualTo(Instant.ofEpochSecond(5, 7));
  }

  @Test
  @DisplayName("what is not TCP is left out; a record cut off at the end is no error")
  void otherFrames() throws Exception {
    byte[] arp = ethernet(0x0806, new byte[28], 0);
    byte[] good = ethernet(0x0800, ipv4("x"), 0);
    byte[] file = file(MICROSECONDS, ByteOrder.LITTLE_ENDIAN, arp, good, good);
    assertThat(PcapFile.parse(Arrays.copyOf(file, file.length - 10))).hasSize(1);
    assertThat(PcapFile.parse(new byte[0])).isEmpty();
  }

  @Test
  @DisplayName("another format is refused with its magic number")
  void otherFormat() {
    assertThatThrownBy(() -> PcapFile.parse(new byte[24]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("got magic 0");
  }

  @Test
  @DisplayName("a TLS record is known by its first bytes")
  void tls() throws Exception {
    assertThat(packet(HexFormat.of().parseHex("1603030040")).looksLikeTls()).isTrue();
    assertThat(packet("GET / HTTP/1.1".getBytes(StandardCharsets.US_ASCII)).looksLikeTls())
        .isFalse();
    assertThat(packet(new byte[0]).looksLikeTls()).isFalse();
  }

  private static Packet packet(byte[] payload) throws Exception {
    InetAddress any = InetAddress.getByName("::1");
    return new Packet(Instant.EPOCH, any, 1, any, 2, payload);
  }

  private static byte[] file(int magic, ByteOrder order, byte[]... frames) throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(24).order(order).putInt(magic).array());
    for (byte[] frame : frames) {
      ByteBuffer header = ByteBuffer.allocate(16).order(order);
      out.write(header.putInt(5).putInt(7).putInt(frame.length).putInt(frame.length).array());
      out.write(frame);
    }
    return out.toByteArray();
  }

  private static byte[] ethernet(int type, byte[] packet, int padding) {
    return ByteBuffer.allocate(14 + packet.length + padding)
        .position(12)
        .putShort((short) type)
        .put(packet)
        .array();
  }

  private static byte[] ipv4(String payload) {
    return ByteBuffer.allocate(20 + 20 + payload.length())
        .put((byte) 0x45)
        .position(2)
        .putShort((short) (40 + payload.length()))
        .position(9)
        .put((byte) 6)
        .position(12)
        .put(new byte[] {10, 77, 1, 11, 10, 77, 2, 12})
        .put(tcp(payload))
        .array();
  }

  private static byte[] ipv6(String payload) throws IOException {
    return ByteBuffer.allocate(40 + 20 + payload.length())
        .put((byte) 0x60)
        .position(4)
        .putShort((short) (20 + payload.length()))
        .put((byte) 6)
        .position(8)
        .put(InetAddress.getByName("fd77:1::11").getAddress())
        .put(InetAddress.getByName("fd77:2::12").getAddress())
        .put(tcp(payload))
        .array();
  }

  private static byte[] tcp(String payload) {
    return ByteBuffer.allocate(20 + payload.length())
        .putShort((short) 40000)
        .putShort((short) 15008)
        .position(12)
        .put((byte) 0x50)
        .position(20)
        .put(payload.getBytes(StandardCharsets.US_ASCII))
        .array();
  }
}
