package dev.ambit.model.workload;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** Addresses in the one form the model compares: IPv4-mapped IPv6 is IPv4, no scope. */
public final class IpAddresses {
  private IpAddresses() {}

  /** {@code address}, as IPv4 when it is an IPv4-mapped IPv6 one and without an interface scope. */
  public static InetAddress plain(InetAddress address) {
    if (!(address instanceof Inet6Address six)) {
      return address;
    }
    return isMapped(six) || six.getScopeId() != 0 ? of(six.getAddress()) : six;
  }

  /** {@code address} with its IP made {@link #plain(InetAddress) plain}; it must be resolved. */
  public static InetSocketAddress plain(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    InetAddress plain = plain(ip);
    return plain == ip ? address : new InetSocketAddress(plain, address.getPort());
  }

  /** The address of 4 or 16 bytes; the JDK folds IPv4-mapped ones. */
  public static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "IP address: got " + bytes.length + " bytes, expected 4 or 16", e);
    }
  }

  /** Reads an IP literal, never asking a name server; empty when {@code text} is none. */
  public static Optional<InetAddress> parse(String text) {
    // The JDK also reads one to three numbers as IPv4; four are meant here.
    boolean four = text.indexOf(':') < 0;
    if (four && (text.chars().filter(c -> c == '.').count() != 3 || !isDigitsAndDots(text))) {
      return Optional.empty();
    }
    try {
      return Optional.of(plain(InetAddress.ofLiteral(text)));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /** {@code a.b.c.d:port} or {@code [v6]:port}. */
  public static String print(InetSocketAddress address) {
    String ip = print(address.getAddress());
    return (ip.indexOf(':') < 0 ? ip : "[" + ip + "]") + ":" + address.getPort();
  }

  /** The text of RFC 5952: the first longest run of zero groups, if two or more, is "::". */
  public static String print(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return address.getHostAddress();
    }
    int[] groups = new int[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
    }
    int start = -1;
    int length = 1;
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end] == 0) {
        end++;
      }
      if (end - i > length) {
        start = i;
        length = end - i;
      }
    }
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < groups.length; i++) {
      if (i == start) {
        text.append("::");
        i += length - 1;
        continue;
      }
      if (i > 0 && i != start + length) {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }

  private static boolean isDigitsAndDots(String text) {
    return text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  private static boolean isMapped(Inet6Address address) {
    byte[] bytes = address.getAddress();
    for (int i = 0; i < 10; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return bytes[10] == -1 && bytes[11] == -1;
  }
}
