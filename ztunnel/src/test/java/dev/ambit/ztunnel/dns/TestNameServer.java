package dev.ambit.ztunnel.dns;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A name server outside, by UDP and TCP on one port: what it says depends on the name asked for.
 * Made in the namespace of the calling thread.
 */
public final class TestNameServer implements AutoCloseable {
  /** More than any datagram takes. */
  static final List<String> LARGE = large();

  private final DatagramSocket datagrams;
  private final ServerSocket streams;

  /** Who asked for what, such as {@code udp 10.0.0.1:5353 name}. */
  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();

  /** On a port of 127.0.0.1. */
  static TestNameServer start() throws IOException {
    return new TestNameServer("127.0.0.1", 0);
  }

  public TestNameServer(String ip, int port) throws IOException {
    InetAddress address = InetAddress.ofLiteral(ip);
    streams = new ServerSocket();
    streams.bind(new InetSocketAddress(address, port));
    datagrams = new DatagramSocket(new InetSocketAddress(address, streams.getLocalPort()));
    Thread.ofPlatform().daemon().start(this::serveDatagrams);
    Thread.ofPlatform().daemon().start(this::serveStreams);
  }

  private static List<String> large() {
    List<String> addresses = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      addresses.add("240.0.0." + i);
    }
    return addresses;
  }

  public InetSocketAddress address() {
    return (InetSocketAddress) streams.getLocalSocketAddress();
  }

  public BlockingQueue<String> asked() {
    return asked;
  }

  private byte[] answer(byte[] query, boolean datagram, String client) {
    byte[] question = Arrays.copyOf(query, query.length);
    question[10] = 0;
    question[11] = 0;
    TestMessage.Reply read =
        TestMessage.read(Arrays.copyOf(question, TestMessage.questionEnd(query)));
    asked.add((datagram ? "udp " : "tcp ") + client + " " + read.question());
    // Answer, recursion available, and that it is authoritative, which is not for us to say on.
    int flags = 0x8480;
    return switch (read.question()) {
      case "nowhere.example" -> TestMessage.answer(query, flags | 3, List.of(), 0);
      case "refused.example" -> TestMessage.answer(query, flags | 5, List.of(), 0);
      case "large.com" ->
          datagram
              ? TestMessage.answer(query, flags | 0x0200, LARGE.subList(0, 20), 0)
              : TestMessage.answer(query, flags, LARGE, 0);
      case "stray.example" -> {
        byte[] other = TestMessage.answer(query, flags, List.of("6.6.6.6"), 0);
        other[1] ^= 1;
        yield other;
      }
      default -> TestMessage.answer(query, flags, List.of("192.0.2.53"), 0);
    };
  }

  private void serveDatagrams() {
    byte[] buffer = new byte[4096];
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        datagrams.receive(packet);
        byte[] answer =
            answer(
                Arrays.copyOf(packet.getData(), packet.getLength()),
                true,
                packet.getAddress().getHostAddress() + ":" + packet.getPort());
        datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serveStreams() {
    try {
      while (true) {
        try (Socket peer = streams.accept()) {
          String client = peer.getInetAddress().getHostAddress() + ":" + peer.getPort();
          TestMessage.send(peer, answer(TestMessage.receive(peer), false, client));
        }
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  @Override
  public void close() throws IOException {
    datagrams.close();
    streams.close();
  }
}
