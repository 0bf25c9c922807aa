package dev.ambit.daemon.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Has marked packets delivered on this machine, whatever their destination: a rule that sends them
 * to a routing table of their own, and in it a route that takes everything as local (spec:
 * redirection §1.2). By rtnetlink. Adding what is there and removing what is not do nothing.
 *
 * @param priority of the rule
 */
public record PolicyRoutes(int mark, int mask, int priority, int table) {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
  private static final int NETLINK_ROUTE = 0;
  private static final byte AF_INET = 2;
  private static final byte AF_INET6 = 10;

  private static final short NEW_ROUTE = 24;
  private static final short DELETE_ROUTE = 25;
  private static final short NEW_RULE = 32;
  private static final short DELETE_RULE = 33;
  private static final short REQUEST_ACK = 0x5;
  private static final short CREATE_EXCLUSIVE = 0x600;

  private static final byte RULE_TO_TABLE = 1;
  private static final short RULE_PRIORITY = 6;
  private static final short RULE_MARK = 10;
  private static final short RULE_TABLE = 15;
  private static final short RULE_MASK = 16;

  private static final byte ROUTE_LOCAL = 2;
  private static final byte PROTOCOL_BOOT = 3;
  private static final byte SCOPE_HOST = (byte) 254;
  private static final short ROUTE_DEVICE = 4;
  private static final short ROUTE_TABLE = 15;
  private static final int LOOPBACK = 1;

  private static final int ENOENT = -2;
  private static final int ESRCH = -3;
  private static final int EEXIST = -17;
  private static final int ENODEV = -19;
  private static final int EAFNOSUPPORT = -97;

  private static final int HEAD_BYTES = 16;
  private static final int FIXED_BYTES = 12;
  private static final int MOST_BYTES = 4096;

  /** Puts rules and routes in; those of IPv6 where {@code ipv6} says that its loopback is on. */
  public void add(Netns in, boolean ipv6) {
    List<Message> messages = new ArrayList<>();
    messages.add(new Message(NEW_RULE, rule(AF_INET), EEXIST));
    messages.add(new Message(NEW_ROUTE, route(AF_INET), EEXIST));
    if (ipv6) {
      messages.add(new Message(NEW_RULE, rule(AF_INET6), EEXIST));
      messages.add(new Message(NEW_ROUTE, route(AF_INET6), EEXIST));
    }
    send(in, messages);
  }

  /** Takes rules and routes of both families out. */
  public void remove(Netns in) {
    List<Message> messages = new ArrayList<>();
    messages.add(new Message(DELETE_RULE, rule(AF_INET), ENOENT));
    messages.add(new Message(DELETE_ROUTE, route(AF_INET), ESRCH));
    if (Files.exists(Path.of("/proc/sys/net/ipv6"))) {
      messages.add(new Message(DELETE_RULE, rule(AF_INET6), ENOENT));
      messages.add(new Message(DELETE_ROUTE, route(AF_INET6), ESRCH));
    }
    send(in, messages);
  }

  /** {@code harmless}: the answer that says that there was nothing to do. */
  private record Message(short type, byte[] body, int harmless) {}

  /** {@code struct fib_rule_hdr} and its attributes. */
  private byte[] rule(byte family) {
    ByteBuffer body = body();
    body.put(family).put(7, RULE_TO_TABLE).position(FIXED_BYTES);
    number(body, RULE_PRIORITY, priority);
    number(body, RULE_MARK, mark);
    number(body, RULE_MASK, mask);
    number(body, RULE_TABLE, table);
    return bytes(body);
  }

  /** {@code struct rtmsg} and its attributes; no destination, so all of them. */
  private byte[] route(byte family) {
    ByteBuffer body = body();
    body.put(family).put(5, PROTOCOL_BOOT).put(6, SCOPE_HOST).put(7, ROUTE_LOCAL);
    body.position(FIXED_BYTES);
    number(body, ROUTE_TABLE, table);
    number(body, ROUTE_DEVICE, LOOPBACK);
    return bytes(body);
  }

  private static ByteBuffer body() {
    return ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
  }

  private static void number(ByteBuffer body, short attribute, int value) {
    body.putShort((short) 8).putShort(attribute).putInt(value);
  }

  private static byte[] bytes(ByteBuffer body) {
    byte[] bytes = new byte[body.position()];
    body.get(0, bytes);
    return bytes;
  }

  private static void send(Netns in, List<Message> messages) {
    try {
      in.onOwnThread(() -> {
        exchange(messages);
        return true;
      });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void exchange(List<Message> messages) throws IOException {
    int netlink = Libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0) {
      throw Libc.failure("open rtnetlink", netlink);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(MOST_BYTES, 8);
      for (Message message : messages) {
        int answer = exchange(netlink, buffer, message);
        if (answer != 0 && answer != message.harmless() && !absent(message, answer)) {
          throw Libc.failure("rtnetlink message " + message.type(), answer);
        }
      }
    } finally {
      Libc.close(netlink);
    }
  }

  /** Whether a removal failed because what it would be removed from is not there either. */
  private static boolean absent(Message message, int answer) {
    return (message.type() == DELETE_RULE || message.type() == DELETE_ROUTE)
        && Set.of(ENOENT, ESRCH, ENODEV, EAFNOSUPPORT).contains(answer);
  }

  private static int exchange(int netlink, MemorySegment buffer, Message message)
      throws IOException {
    int size = HEAD_BYTES + message.body().length;
    boolean creates = message.type() == NEW_RULE || message.type() == NEW_ROUTE;
    ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.nativeOrder());
    head.putInt(size).putShort(message.type());
    head.putShort((short) (REQUEST_ACK | (creates ? CREATE_EXCLUSIVE : 0))).putInt(1).putInt(0);
    MemorySegment.copy(head.array(), 0, buffer, ValueLayout.JAVA_BYTE, 0, HEAD_BYTES);
    MemorySegment.copy(
        message.body(), 0, buffer, ValueLayout.JAVA_BYTE, HEAD_BYTES, message.body().length);
    int sent = Libc.send(netlink, buffer.asSlice(0, size), 0);
    if (sent < 0) {
      throw Libc.failure("ask rtnetlink", sent);
    }
    int got;
    do {
      got = Libc.recv(netlink, buffer, 0);
    } while (got == -Libc.EINTR);
    if (got < HEAD_BYTES + Integer.BYTES) {
      throw got < 0
          ? Libc.failure("read rtnetlink", got)
          : new IOException("rtnetlink: got " + got + " bytes, expected an answer");
    }
    return buffer.get(ValueLayout.JAVA_INT, HEAD_BYTES);
  }
}
