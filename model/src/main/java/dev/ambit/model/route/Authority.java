package dev.ambit.model.route;

import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** What a CONNECT request asks for: an address, or a service by name (spec: hbone §4). */
public sealed interface Authority {
  int MAX_HOSTNAME = 253;

  /** {@code a.b.c.d:port} or {@code [v6]:port}. */
  record ByAddress(InetSocketAddress address) implements Authority {
    @Override
    public String toString() {
      return IpAddresses.print(address);
    }
  }

  /** {@code hostname:port}, the port being one of the service. */
  record ByHostname(String hostname, int port) implements Authority {
    @Override
    public String toString() {
      return hostname + ":" + port;
    }
  }

  /** Reads {@code :authority}; empty unless it is a host and a port from 1 to 65535. */
  static Optional<Authority> parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    int port = port(text.substring(colon + 1));
    String host = text.substring(0, colon);
    if (port < 1) {
      return Optional.empty();
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      return IpAddresses.parse(host.substring(1, host.length() - 1))
          .filter(_ -> host.indexOf(':') >= 0)
          .map(ip -> at(ip, port));
    }
    return IpAddresses.parse(host)
        .filter(_ -> host.indexOf(':') < 0)
        .map(ip -> at(ip, port))
        .or(() -> isHostname(host) ? Optional.of(new ByHostname(host, port)) : Optional.empty());
  }

  private static Authority at(InetAddress ip, int port) {
    return new ByAddress(new InetSocketAddress(ip, port));
  }

  private static int port(String digits) {
    if (digits.isEmpty() || digits.length() > 5 || !digits.chars().allMatch(Authority::isDigit)) {
      return -1;
    }
    int port = Integer.parseInt(digits);
    return port > 0xffff ? -1 : port;
  }

  private static boolean isHostname(String host) {
    return host.length() <= MAX_HOSTNAME
        && host.chars()
            .allMatch(c ->
                isDigit(c)
                    || (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || c == '-'
                    || c == '_'
                    || c == '.');
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }
}
