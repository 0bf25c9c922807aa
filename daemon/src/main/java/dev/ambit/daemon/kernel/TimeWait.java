package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends sockets of one network namespace that linger in TIME_WAIT, by SOCK_DESTROY. Meant for
 * connections between sockets of this very namespace, where no stray segment can come late. Needs
 * CAP_NET_ADMIN; where the kernel cannot do it, it says so once and does nothing. Thread-safe; two
 * system calls each.
 */
public final class TimeWait implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
  private static final int NETLINK_SOCK_DIAG = 4;
  private static final short SOCK_DESTROY = 21;
  private static final short REQUEST = 1;
  private static final short NLMSG_ERROR = 2;
  private static final int MSG_DONTWAIT = 0x40;
  private static final byte AF_INET = 2;
  private static final byte AF_INET6 = 10;
  private static final byte IPPROTO_TCP = 6;
  private static final int EPERM = 1;
  private static final int EOPNOTSUPP = 95;
  private static final int HEAD_BYTES = 16;
  private static final int REQUEST_BYTES = HEAD_BYTES + 56;
  private static final int BUFFER_BYTES = 512;

  private static final ThreadLocal<MemorySegment> BUFFER =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(BUFFER_BYTES, 8));

  private final Descriptor netlink;
  private final AtomicBoolean impossible = new AtomicBoolean();

  private TimeWait(int netlink) {
    this.netlink = new Descriptor(netlink);
  }

  /** Opens the way to the sockets of {@code network}; on a platform thread. */
  public static TimeWait in(Netns network) {
    int netlink =
        network.inside(() -> Libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG));
    if (netlink < 0) {
      throw new UncheckedIOException(Libc.failure("open sock_diag", netlink));
    }
    return new TimeWait(netlink);
  }

  /**
   * Ends the socket with these addresses, if it still is the one with {@code cookie} (its
   * SO_COOKIE). Without the cookie the kernel might take the listener for it.
   *
   * @return false when this kernel or process cannot do that
   */
  public boolean end(InetSocketAddress local, InetSocketAddress remote, long cookie) {
    if (impossible.get() || netlink.acquire() < 0) {
      return false;
    }
    try {
      MemorySegment buffer = BUFFER.get();
      write(buffer.asByteBuffer().order(ByteOrder.nativeOrder()), local, remote, cookie);
      Libc.send(netlink.number(), buffer.asSlice(0, REQUEST_BYTES), MSG_DONTWAIT);
      // Without an error there is no answer: the kernel did it during the call.
      int size = Libc.recv(netlink.number(), buffer, MSG_DONTWAIT);
      int error = size < HEAD_BYTES + 4 ? 0 : error(buffer, size);
      if (error == EPERM || error == EOPNOTSUPP) {
        impossible.set(true);
      }
      return !impossible.get();
    } finally {
      netlink.release();
    }
  }

  private static void write(
      ByteBuffer request, InetSocketAddress local, InetSocketAddress remote, long cookie) {
    byte[] from = local.getAddress().getAddress();
    byte[] to = remote.getAddress().getAddress();
    request.putInt(REQUEST_BYTES).putShort(SOCK_DESTROY).putShort(REQUEST).putInt(0).putInt(0);
    request.put(from.length == 4 ? AF_INET : AF_INET6).put(IPPROTO_TCP).putShort((short) 0);
    request.putInt(-1);
    bigEndian(request, local.getPort());
    bigEndian(request, remote.getPort());
    request.put(from).put(new byte[16 - from.length]);
    request.put(to).put(new byte[16 - to.length]);
    request.putInt(0).putInt((int) cookie).putInt((int) (cookie >>> 32));
  }

  private static void bigEndian(ByteBuffer request, int port) {
    request.put((byte) (port >>> 8)).put((byte) port);
  }

  private static int error(MemorySegment buffer, int size) {
    ByteBuffer answer = ByteBuffer.wrap(buffer.asSlice(0, size).toArray(JAVA_BYTE));
    answer.order(ByteOrder.nativeOrder());
    return answer.getShort(4) == NLMSG_ERROR ? -answer.getInt(HEAD_BYTES) : 0;
  }

  @Override
  public void close() {
    netlink.close();
  }
}
