package dev.ambit.e2e.mesh;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A name server outside the mesh, at port 53 of a pod: every name has the address {@link #ANSWER}.
 * Also writes and reads the few messages that tests send.
 */
public final class OutsideNames implements Closeable {
  public static final String ANSWER = "192.0.2.53";

  private static final int MILLIS = 30_000;

  private final DatagramSocket datagrams;
  private final ServerSocket streams;
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /** Starts it in {@code pod}. */
  public static OutsideNames in(TestPod pod) throws Exception {
    return pod.inside(() -> new OutsideNames(pod.ipv4()));
  }

  private OutsideNames(String ip) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral(ip), 53);
    datagrams = new DatagramSocket(address);
    streams = new ServerSocket();
    streams.bind(address);
    Thread.ofPlatform().daemon().name("names-udp").start(this::serveDatagrams);
    Thread.ofPlatform().daemon().name("names-tcp").start(this::serveStreams);
  }

  /** Who asked, as {@code udp IP:PORT}. */
  public List<String> asked() {
    return asked;
  }

  private void serveDatagrams() {
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
        datagrams.receive(packet);
        asked.add("udp " + packet.getAddress().getHostAddress() + ":" + packet.getPort());
        byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
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
          asked.add("tcp " + peer.getInetAddress().getHostAddress() + ":" + peer.getPort());
          send(peer, answer(receive(peer)));
        }
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private static byte[] answer(byte[] query) throws IOException {
    ByteBuffer answer = ByteBuffer.allocate(query.length + 16);
    answer.put(query).putShort(2, (short) 0x8180).putShort(6, (short) 1);
    answer.putShort((short) 0xc00c).putShort((short) 1).putShort((short) 1).putInt(60);
    return answer.putShort((short) 4).put(InetAddress.ofLiteral(ANSWER).getAddress()).array();
  }

  private static byte[] query(String name) {
    ByteBuffer query = ByteBuffer.allocate(name.length() + 18);
    query.putShort((short) 4711).putShort((short) 0x0100).putShort((short) 1).position(12);
    for (String label : name.split("\\.")) {
      query.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    return query.put((byte) 0).putShort((short) 1).putShort((short) 1).array();
  }

  /** Asks by UDP for the address of {@code name}; "" when there is none. */
  public static String ask(DatagramSocket socket, String server, String name) throws IOException {
    byte[] query = query(name);
    socket.setSoTimeout(MILLIS);
    socket.send(
        new DatagramPacket(
            query, query.length, new InetSocketAddress(InetAddress.ofLiteral(server), 53)));
    DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
    socket.receive(packet);
    return address(Arrays.copyOf(packet.getData(), packet.getLength()));
  }

  /** The same by TCP. */
  public static String askByTcp(String server, String name) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral(server), 53), MILLIS);
      socket.setSoTimeout(MILLIS);
      send(socket, query(name));
      return address(receive(socket));
    }
  }

  /** The last record is the address: nobody asked for more. */
  private static String address(byte[] reply) throws IOException {
    ByteBuffer read = ByteBuffer.wrap(reply);
    return read.getShort(6) == 0
        ? ""
        : InetAddress.getByAddress(Arrays.copyOfRange(reply, reply.length - 4, reply.length))
            .getHostAddress();
  }

  private static void send(Socket socket, byte[] message) throws IOException {
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.write(
        ByteBuffer.allocate(2 + message.length)
            .putShort((short) message.length)
            .put(message)
            .array());
  }

  private static byte[] receive(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] message = new byte[in.readUnsignedShort()];
    in.readFully(message);
    return message;
  }

  @Override
  public void close() throws IOException {
    datagrams.close();
    streams.close();
  }
}
