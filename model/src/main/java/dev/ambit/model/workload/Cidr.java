package dev.ambit.model.workload;

import java.net.InetAddress;
import java.util.Optional;

/** A block of IP addresses. IPv4-mapped IPv6 never occurs: the JDK folds it. */
public record Cidr(InetAddress address, int prefixLength) {
  private static final int MAPPED_PREFIX = 96;

  public Cidr {
    int width = address.getAddress().length * 8;
    if (prefixLength < 0 || prefixLength > width) {
      throw new IllegalArgumentException(
          "prefix length of "
              + IpAddresses.print(address)
              + ": got "
              + prefixLength
              + ", expected 0 to "
              + width);
    }
  }

  /**
   * The block of {@code length} bits of 4 or 16 bytes, an IPv4-mapped one as IPv4; throws {@link
   * IllegalArgumentException} saying what is wrong.
   */
  public static Cidr of(byte[] address, int length) {
    InetAddress ip = IpAddresses.of(address);
    boolean folded = address.length != ip.getAddress().length;
    return new Cidr(ip, folded && length >= MAPPED_PREFIX ? length - MAPPED_PREFIX : length);
  }

  /** Reads {@code 10.0.0.0/8} or a single address; empty when {@code text} is neither. */
  public static Optional<Cidr> parse(String text) {
    int slash = text.indexOf('/');
    Optional<InetAddress> ip = IpAddresses.parse(slash < 0 ? text : text.substring(0, slash));
    if (slash < 0) {
      return ip.map(address -> new Cidr(address, address.getAddress().length * 8));
    }
    String length = text.substring(slash + 1);
    if (ip.isEmpty() || !length.matches("[0-9]{1,3}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Cidr(ip.get(), Integer.parseInt(length)));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /** Whether the block is one address. */
  public boolean isSingle() {
    return prefixLength == address.getAddress().length * 8;
  }

  /** Whether {@code ip} lies in this block; false when the families differ. */
  public boolean contains(InetAddress ip) {
    byte[] mine = address.getAddress();
    byte[] other = IpAddresses.plain(ip).getAddress();
    if (mine.length != other.length) {
      return false;
    }
    int whole = prefixLength / 8;
    for (int i = 0; i < whole; i++) {
      if (mine[i] != other[i]) {
        return false;
      }
    }
    int rest = prefixLength % 8;
    if (rest == 0) {
      return true;
    }
    int mask = 0xff << (8 - rest);
    return (mine[whole] & mask) == (other[whole] & mask);
  }

  @Override
  public String toString() {
    return IpAddresses.print(address) + "/" + prefixLength;
  }
}
