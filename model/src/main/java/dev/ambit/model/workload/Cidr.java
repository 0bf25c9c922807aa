package dev.ambit.model.workload;

import java.net.InetAddress;

/** A block of IP addresses. IPv4-mapped IPv6 never occurs: the JDK folds it. */
public record Cidr(InetAddress address, int prefixLength) {
  public Cidr {
    int width = address.getAddress().length * 8;
    if (prefixLength < 0 || prefixLength > width) {
      throw new IllegalArgumentException(
          "prefix length of "
              + address.getHostAddress()
              + ": got "
              + prefixLength
              + ", expected 0 to "
              + width);
    }
  }

  /** Whether {@code ip} lies in this block; false when the families differ. */
  public boolean contains(InetAddress ip) {
    byte[] mine = address.getAddress();
    byte[] other = ip.getAddress();
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
    return address.getHostAddress() + "/" + prefixLength;
  }
}
