package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Kernel.TcpState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Lists sockets of the calling thread's network namespace by NETLINK_SOCK_DIAG. */
final class SocketDiagnosis {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
  private static final int NETLINK_SOCK_DIAG = 4;
  private static final short SOCK_DIAG_BY_FAMILY = 20;
  private static final short NLMSG_ERROR = 2;
  private static final short NLMSG_DONE = 3;
  private static final short REQUEST_DUMP = 0x301;
  private static final short DUMP_INTERRUPTED = 0x10;
  private static final byte IPPROTO_TCP = 6;
  private static final TcpState[] STATES = TcpState.values();
  private static final byte AF_INET = 2;
  private static final byte AF_INET6 = 10;
  private static final short INET_DIAG_MARK = 15;

  private static final int NETLINK_HEAD_BYTES = 16;
  private static final int REQUEST_BYTES = NETLINK_HEAD_BYTES + 56;
  private static final int SOCKET_BYTES = 72;
  private static final int BUFFER_BYTES = 64 * 1024;
  private static final int MOST_SOCKETS = 1_000_000;
  private static final int MOST_TRIES = 5;

  private SocketDiagnosis() {}

  static List<TcpSocket> tcp(Set<TcpState> states) throws IOException {
    int mask = 0;
    for (TcpState state : states) {
      mask |= 1 << (state.ordinal() + 1);
    }
    int netlink = Libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) {
      throw Libc.failure("open sock_diag", netlink);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_BYTES, 8);
      List<TcpSocket> found = new ArrayList<>();
      for (byte family : new byte[] {AF_INET, AF_INET6}) {
        found.addAll(consistent(netlink, family, mask, buffer));
      }
      return found;
    } finally {
      Libc.close(netlink);
    }
  }

  /** A dump the kernel says was disturbed by a change is asked for again. */
  private static List<TcpSocket> consistent(
      int netlink, byte family, int states, MemorySegment buffer) throws IOException {
    List<TcpSocket> found = new ArrayList<>();
    for (int i = 0; i < MOST_TRIES; i++) {
      found.clear();
      if (dump(netlink, buffer, request(family, states), found)) {
        break;
      }
    }
    return found;
  }

  private static byte[] request(byte family, int states) {
    ByteBuffer request = ByteBuffer.allocate(REQUEST_BYTES).order(ByteOrder.nativeOrder());
    request.putInt(REQUEST_BYTES).putShort(SOCK_DIAG_BY_FAMILY).putShort(REQUEST_DUMP);
    request.putInt(1).putInt(0);
    request.put(family).put(IPPROTO_TCP).put((byte) 0).put((byte) 0).putInt(states);
    return request.array();
  }

  private static boolean dump(
      int netlink, MemorySegment buffer, byte[] request, List<TcpSocket> found) throws IOException {
    MemorySegment.copy(request, 0, buffer, JAVA_BYTE, 0, request.length);
    int sent = Libc.send(netlink, buffer.asSlice(0, REQUEST_BYTES), 0);
    if (sent < 0) {
      throw Libc.failure("ask sock_diag", sent);
    }
    boolean consistent = true;
    while (true) {
      int size;
      do {
        size = Libc.recv(netlink, buffer, 0);
      } while (size == -Libc.EINTR);
      if (size < 0) {
        throw Libc.failure("read sock_diag", size);
      }
      ByteBuffer messages = ByteBuffer.wrap(buffer.asSlice(0, size).toArray(JAVA_BYTE));
      messages.order(ByteOrder.nativeOrder());
      int at = 0;
      while (at + NETLINK_HEAD_BYTES <= size) {
        int length = messages.getInt(at);
        short type = messages.getShort(at + 4);
        consistent &= (messages.getShort(at + 6) & DUMP_INTERRUPTED) == 0;
        if (type == NLMSG_DONE) {
          return consistent;
        } else if (type == NLMSG_ERROR) {
          throw Libc.failure("sock_diag", messages.getInt(at + NETLINK_HEAD_BYTES));
        } else if (found.size() == MOST_SOCKETS || length < NETLINK_HEAD_BYTES + SOCKET_BYTES) {
          throw new IOException("sock_diag: got " + length + " bytes after " + found.size());
        }
        found.add(socket(messages, at + NETLINK_HEAD_BYTES, at + length));
        at += (length + 3) & ~3;
      }
    }
  }

  /** {@code struct inet_diag_msg} and its attributes. */
  private static TcpSocket socket(ByteBuffer message, int at, int end) throws IOException {
    int width = message.get(at) == AF_INET ? 4 : 16;
    InetSocketAddress local = address(message, at + 8, width, at + 4);
    InetSocketAddress remote = address(message, at + 24, width, at + 6);
    TcpState state = STATES[message.get(at + 1) - 1];
    int userId = message.getInt(at + 64);
    long inode = Integer.toUnsignedLong(message.getInt(at + 68));
    int mark = 0;
    int attribute = at + SOCKET_BYTES;
    while (attribute + 4 <= end) {
      int length = Short.toUnsignedInt(message.getShort(attribute));
      if (message.getShort(attribute + 2) == INET_DIAG_MARK) {
        mark = message.getInt(attribute + 4);
      }
      attribute += Math.max(4, (length + 3) & ~3);
    }
    return new TcpSocket(local, remote, state, inode, userId, mark);
  }

  private static InetSocketAddress address(ByteBuffer message, int ip, int width, int port)
      throws IOException {
    byte[] bytes = new byte[width];
    message.get(ip, bytes);
    int number = (message.get(port) & 0xff) << 8 | message.get(port + 1) & 0xff;
    return new InetSocketAddress(InetAddress.getByAddress(bytes), number);
  }
}
