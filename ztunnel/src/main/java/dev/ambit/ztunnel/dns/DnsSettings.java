package dev.ambit.ztunnel.dns;

import dev.ambit.daemon.Settings;
import dev.ambit.model.dns.MeshNames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How pods are served names (spec: dns §1, §7).
 *
 * @param names how names of the mesh are resolved
 * @param upstreams who is asked for all others
 * @param listen addresses in each pod; one of IPv6 is left out where a pod has none
 */
public record DnsSettings(MeshNames names, Upstreams upstreams, List<InetSocketAddress> listen) {
  /** Where captured queries are redirected to. */
  public static final int PORT = 15_053;

  private static final Path RESOLVER = Path.of("/etc/resolv.conf");

  public DnsSettings {
    listen = List.copyOf(listen);
  }

  /** The name servers outside. */
  public List<InetSocketAddress> servers() {
    return upstreams.servers();
  }

  /** Empty when names are not served. */
  public static Optional<DnsSettings> from(Settings read, String domain, boolean ipv6) {
    boolean on = read.flag("DNS_CAPTURE", read.flag("ISTIO_META_DNS_CAPTURE", true));
    Optional<String> servers = read.text("AMBIT_DNS_NAMESERVERS");
    String preferred = read.text("PREFERED_SERVICE_NAMESPACE", "");
    List<InetSocketAddress> listen = listen(read, ipv6);
    Upstreams upstreams =
        servers.isPresent() ? Upstreams.of(servers(read, servers.get())) : ofThisMachine();
    return on
        ? Optional.of(new DnsSettings(new MeshNames(domain, preferred, ipv6), upstreams, listen))
        : Optional.empty();
  }

  /** For tests, which know the servers. */
  public static DnsSettings of(MeshNames names, List<InetSocketAddress> servers) {
    return new DnsSettings(names, Upstreams.of(servers), loopback(names.ipv6()));
  }

  private static List<InetSocketAddress> listen(Settings read, boolean ipv6) {
    String name = "DNS_PROXY_ADDR";
    Optional<String> text = read.text(name);
    if (text.isEmpty()) {
      return loopback(ipv6);
    }
    Optional<InetSocketAddress> address = Upstreams.server(text.get());
    if (address.isEmpty()) {
      read.mistake(name, text.get(), "IP:PORT");
    }
    return address.stream().toList();
  }

  private static List<InetSocketAddress> loopback(boolean ipv6) {
    List<InetSocketAddress> both = new ArrayList<>();
    both.add(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), PORT));
    if (ipv6) {
      both.add(new InetSocketAddress(InetAddress.ofLiteral("::1"), PORT));
    }
    return both;
  }

  private static List<InetSocketAddress> servers(Settings read, String list) {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String word : list.split(",")) {
      Optional<InetSocketAddress> server = Upstreams.server(word.strip());
      if (server.isEmpty() || servers.size() == Upstreams.MOST_SERVERS) {
        read.mistake("AMBIT_DNS_NAMESERVERS", list, "one to three of IP or IP:PORT");
        return List.of();
      }
      servers.add(server.get());
    }
    return servers;
  }

  private static Upstreams ofThisMachine() {
    try {
      return Upstreams.read(Files.readString(RESOLVER));
    } catch (IOException none) {
      // Without one, names outside are answered with SERVFAIL.
      return Upstreams.of(List.of());
    }
  }
}
