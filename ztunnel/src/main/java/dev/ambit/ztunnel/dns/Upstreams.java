package dev.ambit.ztunnel.dns;

import dev.ambit.model.workload.IpAddresses;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The name servers outside, and how they are asked: what resolv.conf(5) says of them (spec: dns
 * §7). Search domains are not read: only fully qualified names are asked for.
 *
 * @param servers in the order they are asked
 * @param timeout of one attempt
 * @param attempts at each of them
 */
record Upstreams(List<InetSocketAddress> servers, Duration timeout, int attempts) {
  /** As the C library: further ones are not looked at. */
  static final int MOST_SERVERS = 3;

  private static final int PORT = 53;
  private static final int SECONDS = 5;
  private static final int ATTEMPTS = 2;

  Upstreams {
    servers = List.copyOf(servers);
  }

  static Upstreams of(List<InetSocketAddress> servers) {
    return new Upstreams(servers, Duration.ofSeconds(SECONDS), ATTEMPTS);
  }

  /** Reads the text of a resolv.conf; what it does not understand it passes over, as others do. */
  static Upstreams read(String text) {
    List<InetSocketAddress> servers = new ArrayList<>();
    int seconds = SECONDS;
    int attempts = ATTEMPTS;
    for (String line : text.split("\n")) {
      String[] words = line.strip().split("\\s+");
      if (words[0].equals("nameserver") && words.length > 1 && servers.size() < MOST_SERVERS) {
        server(words[1]).ifPresent(servers::add);
      } else if (words[0].equals("options")) {
        for (String option : words) {
          seconds = number(option, "timeout:", 30).orElse(seconds);
          attempts = number(option, "attempts:", 5).orElse(attempts);
        }
      }
    }
    return new Upstreams(servers, Duration.ofSeconds(seconds), attempts);
  }

  /** An address, alone or with a port; none on a link, which would be another one in each pod. */
  static Optional<InetSocketAddress> server(String text) {
    if (text.indexOf('%') >= 0) {
      return Optional.empty();
    }
    Optional<InetSocketAddress> alone =
        IpAddresses.parse(text).map(ip -> new InetSocketAddress(ip, PORT));
    int colon = text.lastIndexOf(':');
    if (alone.isPresent() || colon < 0 || !text.substring(colon + 1).matches("[0-9]{1,5}")) {
      return alone;
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    String ip = text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1");
    return port < 1 || port > 65_535
        ? Optional.empty()
        : IpAddresses.parse(ip).map(address -> new InetSocketAddress(address, port));
  }

  private static Optional<Integer> number(String option, String name, int most) {
    String value = option.startsWith(name) ? option.substring(name.length()) : "";
    return value.matches("[0-9]{1,4}")
        ? Optional.of(Math.clamp(Integer.parseInt(value), 1, most))
        : Optional.empty();
  }
}
