package dev.ambit.ztunnel.proxy;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ambit.daemon.kernel.Netns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Network namespaces on one switch, each with an address of both families, as pods have them.
 * Everything is gone after {@link #close}.
 */
final class Namespaces implements AutoCloseable {
  private static final AtomicInteger RUNS = new AtomicInteger();

  /** What an enrolled pod has (spec: redirection §2.3), without DNS capture. */
  private static final String REDIRECTION =
      """
      table inet istio-ambient-nat {
        chain prerouting {
          type nat hook prerouting priority dstnat; policy accept;
          ip daddr != 127.0.0.1 tcp dport != 15008 meta mark & 0xfff != 0x539 redirect to :15006
          ip6 daddr != ::1 tcp dport != 15008 meta mark & 0xfff != 0x539 redirect to :15006
        }
        chain output {
          type nat hook output priority -100; policy accept;
          meta l4proto tcp meta mark & 0xfff == 0x111 accept
          oifname "lo" ip daddr != 127.0.0.1 accept
          oifname "lo" ip6 daddr != ::1 accept
          meta l4proto tcp ip daddr != 127.0.0.1 meta mark & 0xfff != 0x539 redirect to :15001
          meta l4proto tcp ip6 daddr != ::1 meta mark & 0xfff != 0x539 redirect to :15001
        }
      }
      table inet istio-ambient-mangle {
        chain prerouting {
          type filter hook prerouting priority mangle; policy accept;
          meta mark & 0xfff == 0x539 ct mark set ct mark & 0xfffff111 | 0x111
        }
        chain output {
          type route hook output priority mangle; policy accept;
          ct mark & 0xfff == 0x111 meta mark set ct mark
        }
      }
      """;

  private final String prefix =
      "adp" + ProcessHandle.current().pid() + "-" + RUNS.incrementAndGet();
  private final List<String> made = new ArrayList<>();
  private int hosts = 1;

  Namespaces() {
    require("ip", "nft");
    add(prefix);
    in(prefix, "ip link add br0 type bridge");
    in(prefix, "ip link set br0 up");
  }

  /** Skips the test, loudly, where it cannot run. */
  static void require(String... programs) {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "SKIPPED: needs root for network namespaces");
    for (String program : programs) {
      assumeTrue(
          Stream.of("/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/")
              .anyMatch(folder -> Files.isExecutable(Path.of(folder + program))),
          "SKIPPED: needs the program " + program);
    }
  }

  /** One namespace and its place on the switch. */
  record Place(String name, String ipv4, String ipv6) {
    Netns open() {
      return Netns.open(Path.of("/run/netns/" + name));
    }
  }

  /** A namespace that nothing is captured in. */
  Place plain(String host) {
    String name = prefix + host;
    int number = ++hosts;
    Place place = new Place(name, "10.77.0." + number, "fd77::" + number);
    add(name);
    String port = "v" + number;
    run("ip", "-n", prefix, "link", "add", port, "type", "veth", "peer", "eth0", "netns", name);
    in(prefix, "ip link set " + port + " master br0 up");
    in(name, "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
    in(name, "ip link set lo up");
    in(name, "ip addr add " + place.ipv4 + "/24 dev eth0");
    in(name, "ip addr add " + place.ipv6 + "/64 dev eth0 nodad");
    in(name, "ip link set eth0 up");
    in(name, "ip route add default dev eth0");
    in(name, "ip -6 route add default dev eth0 metric 2048");
    return place;
  }

  /** A namespace with the rules of an enrolled pod. */
  Place enrolled(String host) {
    Place place = plain(host);
    for (String family : List.of("-4", "-6")) {
      in(place.name, "ip " + family + " rule add fwmark 0x111/0xfff pref 32764 lookup 100");
    }
    in(place.name, "ip -4 route add local 0.0.0.0/0 dev lo table 100");
    in(place.name, "ip -6 route add local ::/0 dev lo table 100");
    nft(place, REDIRECTION);
    return place;
  }

  /** Adds rules in {@code place}. */
  void nft(Place place, String rules) {
    execute(rules, "ip", "netns", "exec", place.name, "nft", "-f", "-");
  }

  /** Runs {@code command} in {@code place} and answers what it printed. */
  String run(Place place, String command) {
    return in(place.name, command);
  }

  private void add(String name) {
    run("ip", "netns", "add", name);
    made.add(name);
  }

  private static String in(String name, String command) {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", name));
    words.addAll(List.of(command.split(" ")));
    return run(words.toArray(String[]::new));
  }

  private static String run(String... words) {
    return execute("", words);
  }

  private static String execute(String input, String... words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(String.join(" ", words) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    made.forEach(name -> run("ip", "netns", "del", name));
  }
}
