package dev.ambit.daemon.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;

/** Single questions to, and changes of, the kernel. Any thread, unless said otherwise. */
public final class Kernel {
  private static final int RLIMIT_NOFILE = 7;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;
  private static final long SIG_DFL = 0;
  private static final int AF_INET = 2;
  private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_MARK = 36;
  private static final int SOL_IP = 0;
  private static final int IP_TRANSPARENT = 19;

  private Kernel() {}

  /** Closes a descriptor that has no owner. */
  public static void close(int descriptor) {
    Libc.close(descriptor);
  }

  /**
   * Every TCP socket of a namespace in state ESTABLISHED, by sock_diag; those of IPv6 sockets that
   * talk IPv4 have IPv4 addresses. Needs CAP_NET_ADMIN to see marks.
   */
  public static List<TcpSocket> establishedTcp(Netns in) {
    return tcp(in, Set.of(TcpState.ESTABLISHED));
  }

  /** As {@link #establishedTcp}, in any state but TIME_WAIT; listening ones included. */
  public static List<TcpSocket> tcpSockets(Netns in) {
    return tcp(in, EnumSet.complementOf(EnumSet.of(TcpState.TIME_WAIT)));
  }

  private static List<TcpSocket> tcp(Netns in, Set<TcpState> states) {
    return onThreadIn(in, () -> SocketDiagnosis.tcp(states));
  }

  /** The states of TCP, in the order of the kernel's numbers, which begin with 1. */
  public enum TcpState {
    ESTABLISHED,
    SYN_SENT,
    SYN_RECEIVED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    TIME_WAIT,
    CLOSE,
    CLOSE_WAIT,
    LAST_ACK,
    LISTEN,
    CLOSING,
    NEW_SYN_RECEIVED
  }

  /**
   * One TCP socket. {@code inode} names it, and is 0 when no program holds it (any more, or not
   * yet); {@code mark} is its SO_MARK.
   */
  public record TcpSocket(
      InetSocketAddress local,
      InetSocketAddress remote,
      TcpState state,
      long inode,
      int userId,
      int mark) {}

  /**
   * Writes a {@code net.*} sysctl of a namespace, e.g. {@code net.ipv4.ip_forward}. Where a part of
   * the name has dots itself, write it with slashes: {@code net/ipv4/conf/eth0.1/rp_filter}.
   */
  public static void sysctl(Netns in, String name, String value) {
    Path file = sysctlFile(name);
    onThreadIn(in, () -> Files.writeString(file, value));
  }

  /** Reads a {@code net.*} sysctl of a namespace. */
  public static String sysctl(Netns in, String name) {
    Path file = sysctlFile(name);
    return onThreadIn(in, () -> readAtOnce(file));
  }

  /** A sysctl answers only the first read; Files.readString begins with one byte. */
  private static String readAtOnce(Path file) throws IOException {
    byte[] bytes = new byte[4096];
    try (InputStream in = Files.newInputStream(file)) {
      int count = in.read(bytes);
      return new String(bytes, 0, Math.max(0, count), StandardCharsets.UTF_8).strip();
    }
  }

  private static Path sysctlFile(String name) {
    String path = name.indexOf('/') < 0 ? name.replace('.', '/') : name;
    Path file = Path.of("/proc/sys", path);
    if (!path.startsWith("net/") || !file.equals(file.normalize())) {
      throw new IllegalArgumentException("sysctl: got " + name + ", expected net.NAME");
    }
    return file;
  }

  /**
   * From now on SIGINT and SIGTERM end this process at once. For the begin of a graceful end: the
   * JVM itself is deaf to further signals then, and a second one should not have to wait.
   */
  public static void endAtSignals() {
    for (int number : new int[] {SIGINT, SIGTERM}) {
      int answer = Libc.signal(number, SIG_DFL);
      if (answer < 0) {
        throw new UncheckedIOException(Libc.failure("signal " + number, answer));
      }
    }
  }

  /** Raises the soft limit of open files to the hard one; answers the limit. */
  public static long raiseFileLimit() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(16, 8);
      int answer = Libc.prlimit(RLIMIT_NOFILE, MemorySegment.NULL, limit);
      long hard = limit.get(JAVA_LONG, 8);
      if (answer == 0 && limit.get(JAVA_LONG, 0) != hard) {
        limit.set(JAVA_LONG, 0, hard);
        answer = Libc.prlimit(RLIMIT_NOFILE, limit, MemorySegment.NULL);
      }
      if (answer < 0) {
        throw new UncheckedIOException(Libc.failure("raise the limit of open files", answer));
      }
      return hard < 0 ? Long.MAX_VALUE : hard;
    }
  }

  /**
   * What the data path needs and this process may not do, one sentence each; empty when all is well
   * (spec: redirection §5, start-up self-check).
   */
  public static List<String> missingAbilities() {
    List<String> missing = new ArrayList<>();
    try {
      onThreadIn(Netns.own(), () -> "");
    } catch (UncheckedIOException e) {
      missing.add("enter network namespaces (CAP_SYS_ADMIN): " + e.getMessage());
    }
    int socket = Libc.socket(AF_INET, SOCK_STREAM_CLOEXEC, 0);
    if (socket < 0) {
      missing.add("open sockets: " + Libc.failure("socket", socket).getMessage());
      return missing;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocateFrom(JAVA_INT, 1);
      int mark = Libc.setsockopt(socket, SOL_SOCKET, SO_MARK, one);
      if (mark < 0) {
        missing.add("mark packets (CAP_NET_ADMIN): " + Libc.failure("SO_MARK", mark).getMessage());
      }
      int transparent = Libc.setsockopt(socket, SOL_IP, IP_TRANSPARENT, one);
      if (transparent < 0) {
        missing.add(
            "keep source addresses (CAP_NET_ADMIN or CAP_NET_RAW): "
                + Libc.failure("IP_TRANSPARENT", transparent).getMessage());
      }
    }
    Libc.close(socket);
    return missing;
  }

  private static <T> T onThreadIn(Netns in, Callable<T> work) {
    try {
      return in.onOwnThread(work);
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

  /**
   * Ends sockets of one network namespace that linger in TIME_WAIT, by SOCK_DESTROY. Meant for
   * connections between sockets of this very namespace, where no stray segment can come late. Needs
   * CAP_NET_ADMIN; where the kernel cannot do it, it says so once and does nothing. Thread-safe;
   * two system calls each.
   */
  public static final class TimeWait implements AutoCloseable {
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
}
