package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Packet;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;

/** Questions to a capture. Pure. */
final class Wire {
  /** In a ServerHello: the extension that says TLS 1.3 was chosen. */
  private static final String TLS13 = "\u0000\u002b\u0000\u0002\u0003\u0004";

  private Wire() {}

  /** Packets between two captured pods that are not in a tunnel. */
  static List<Packet> outsideTunnels(List<Packet> packets, Set<InetAddress> captured) {
    return packets.stream()
        .filter(p -> captured.contains(p.source()) && captured.contains(p.destination()))
        .filter(p -> !p.touchesPort(Stage.TUNNEL_PORT))
        .toList();
  }

  static List<Packet> tunnels(List<Packet> packets, Set<InetAddress> captured) {
    return packets.stream()
        .filter(p -> captured.contains(p.source()) && captured.contains(p.destination()))
        .filter(p -> p.touchesPort(Stage.TUNNEL_PORT))
        .toList();
  }

  static List<Packet> carrying(List<Packet> packets, String text) {
    return packets.stream().filter(p -> p.carries(text)).toList();
  }

  static boolean choosesTls13(List<Packet> packets) {
    return packets.stream()
        .anyMatch(p -> p.sourcePort() == Stage.TUNNEL_PORT && p.looksLikeTls() && p.carries(TLS13));
  }

  static long bytes(List<Packet> packets) {
    return packets.stream().mapToLong(p -> p.payload().length).sum();
  }

  /** The first few, for a message. */
  static String sample(List<Packet> packets) {
    return packets.size() + " packets: " + packets.stream().limit(3).toList();
  }
}
