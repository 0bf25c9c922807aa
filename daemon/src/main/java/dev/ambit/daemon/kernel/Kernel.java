package dev.ambit.daemon.kernel;

import java.net.InetSocketAddress;
import java.util.List;

/** Single questions to, and changes of, the kernel. */
public final class Kernel {
  private Kernel() {}

  /** Closes a descriptor that has no owner. */
  public static void close(int descriptor) {
    throw new UnsupportedOperationException("close");
  }

  /** Every TCP socket of a namespace in state ESTABLISHED, by sock_diag. */
  public static List<TcpSocket> establishedTcp(Netns in) {
    throw new UnsupportedOperationException("establishedTcp");
  }

  /** One TCP socket. {@code inode} names it; {@code mark} is its SO_MARK. */
  public record TcpSocket(
      InetSocketAddress local, InetSocketAddress remote, long inode, int userId, int mark) {}

  /** Writes a {@code net.*} sysctl of a namespace, e.g. {@code net.ipv4.ip_forward}. */
  public static void sysctl(Netns in, String name, String value) {
    throw new UnsupportedOperationException("sysctl");
  }

  /** Reads a {@code net.*} sysctl of a namespace. */
  public static String sysctl(Netns in, String name) {
    throw new UnsupportedOperationException("sysctl");
  }

  /** Raises the soft limit of open files to the hard one; answers the limit. */
  public static long raiseFileLimit() {
    throw new UnsupportedOperationException("raiseFileLimit");
  }
}
