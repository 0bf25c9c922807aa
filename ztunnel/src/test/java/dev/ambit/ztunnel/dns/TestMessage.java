package dev.ambit.ztunnel.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** DNS messages as tests write and read them, independent of what they test. */
public final class TestMessage {
  public static final int A = 1;
  public static final int MX = 15;
  public static final int TXT = 16;
  public static final int AAAA = 28;
  public static final int SRV = 33;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  /** What was read. */
  public record Reply(
      int id, int flags, String question, List<Record> records, int answers, int size) {
    public int code() {
      return flags & 0xf;
    }

    public boolean has(int flag) {
      return (flags & flag) != 0;
    }

    /** The addresses of the answer, sorted. */
    public List<String> addresses() {
      return records.stream()
          .limit(answers)
          .filter(r -> r.type() == A || r.type() == AAAA)
          .map(Record::data)
          .sorted()
          .toList();
    }

    public List<Record> opt() {
      return records.stream().filter(r -> r.type() == 41).toList();
    }
  }

  /** One record; of OPT the class is the payload. */
  public record Record(String owner, int type, int recordClass, int ttl, String data) {}

  /** A query without EDNS. */
  public static byte[] query(int id, String name, int type) {
    return query(id, 0x0100, name, type, -1, false);
  }

  /** A query; payload −1 for no EDNS. */
  public static byte[] query(
      int id, int flags, String name, int type, int payload, boolean dnssecOk) {
    TestMessage message = new TestMessage();
    message.shorts(id, flags, 1, 0, 0, payload < 0 ? 0 : 1).name(name).shorts(type, 1);
    if (payload >= 0) {
      message.octet(0).shorts(41, payload, 0, dnssecOk ? 0x8000 : 0, 0);
    }
    return message.bytes();
  }

  /** An answer to {@code query} with addresses, each owned by the question's name. */
  public static byte[] answer(byte[] query, int flags, List<String> addresses, int added) {
    int end = questionEnd(query);
    TestMessage message = new TestMessage();
    message.shorts(number(query, 0), flags, 1, addresses.size(), 0, added);
    message.bytes.write(query, 12, end - 12);
    for (String address : addresses) {
      byte[] ip = InetAddress.ofLiteral(address).getAddress();
      message.shorts(0xc00c, ip.length == 4 ? A : AAAA, 1, 0, 77, ip.length);
      message.bytes.writeBytes(ip);
    }
    return message.bytes();
  }

  public static int number(byte[] message, int at) {
    return (message[at] & 0xff) << 8 | message[at + 1] & 0xff;
  }

  /** Where the question, whose name has no pointer, ends. */
  public static int questionEnd(byte[] message) {
    int at = 12;
    while (message[at] != 0) {
      at += 1 + message[at];
    }
    return at + 5;
  }

  public TestMessage shorts(int... values) {
    try {
      for (int value : values) {
        out.writeShort(value);
      }
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public TestMessage octet(int value) {
    bytes.write(value);
    return this;
  }

  public TestMessage name(String name) {
    for (String label : name.split("\\.")) {
      bytes.write(label.length());
      bytes.writeBytes(label.getBytes(StandardCharsets.ISO_8859_1));
    }
    bytes.write(0);
    return this;
  }

  public byte[] bytes() {
    return bytes.toByteArray();
  }

  public static Reply read(byte[] message) {
    int[] at = {12};
    int questions = number(message, 4);
    String question = "";
    if (questions == 1) {
      question = readName(message, at);
      at[0] += 4;
    }
    int answers = number(message, 6);
    int count = answers + number(message, 8) + number(message, 10);
    List<Record> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String owner = readName(message, at);
      int type = number(message, at[0]);
      int recordClass = number(message, at[0] + 2);
      int ttl = number(message, at[0] + 4) << 16 | number(message, at[0] + 6);
      int length = number(message, at[0] + 8);
      at[0] += 10;
      int end = at[0] + length;
      String data =
          switch (type) {
            case A, AAAA -> address(Arrays.copyOfRange(message, at[0], end));
            case 5 -> readName(message, at);
            default -> "";
          };
      at[0] = end;
      records.add(new Record(owner, type, recordClass, ttl, data));
    }
    if (at[0] != message.length) {
      throw new AssertionError("read " + at[0] + " of " + message.length + " bytes");
    }
    return new Reply(
        number(message, 0), number(message, 2), question, records, answers, message.length);
  }

  private static String address(byte[] ip) {
    try {
      return InetAddress.getByAddress(ip).getHostAddress();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readName(byte[] message, int[] at) {
    StringBuilder name = new StringBuilder();
    int from = at[0];
    boolean jumped = false;
    while (message[from] != 0) {
      int length = message[from] & 0xff;
      if (length >= 0xc0) {
        if (!jumped) {
          at[0] = from + 2;
        }
        jumped = true;
        from = number(message, from) & 0x3fff;
      } else {
        name.append(name.isEmpty() ? "" : ".")
            .append(new String(message, from + 1, length, StandardCharsets.ISO_8859_1));
        from += 1 + length;
      }
    }
    if (!jumped) {
      at[0] = from + 1;
    }
    return name.toString();
  }

  /** Asks by UDP, from a new socket. */
  public static Reply ask(InetSocketAddress server, byte[] query) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      return ask(socket, server, query);
    }
  }

  /** Asks by UDP; fails when there is no answer within 30 s. */
  public static Reply ask(DatagramSocket socket, InetSocketAddress server, byte[] query)
      throws IOException {
    socket.setSoTimeout(30_000);
    socket.send(new DatagramPacket(query, query.length, server));
    DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
    socket.receive(packet);
    return read(Arrays.copyOf(packet.getData(), packet.getLength()));
  }

  /** Sends by TCP. */
  public static void send(Socket socket, byte[] query) throws IOException {
    byte[] framed = new byte[2 + query.length];
    framed[0] = (byte) (query.length >> 8);
    framed[1] = (byte) query.length;
    System.arraycopy(query, 0, framed, 2, query.length);
    socket.getOutputStream().write(framed);
  }

  /** The next message of TCP. */
  public static byte[] receive(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] message = new byte[in.readUnsignedShort()];
    in.readFully(message);
    return message;
  }
}
