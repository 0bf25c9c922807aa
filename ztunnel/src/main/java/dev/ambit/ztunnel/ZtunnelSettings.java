package dev.ambit.ztunnel;

import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.controlplane.Bearer;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.net.TransportSettings;
import dev.ambit.ztunnel.dns.DnsSettings;
import dev.ambit.ztunnel.proxy.ProxySettings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * All settings of the daemon, by the names operators know (spec: ztunnel-observability §6).
 *
 * @param join how the node proves itself without Kubernetes; empty: by AUTH_TOKEN
 * @param secretTtl life asked for workload certificates
 * @param revocationLists a file with them; it may come later
 * @param terminationDeadline how long open connections may last once the process is to end
 * @param dns empty when pods are not served names
 * @param istioVersion shown in {@code istio_build}
 */
public record ZtunnelSettings(
    NodeSettings node,
    Admin admin,
    ControlPlaneSettings xds,
    ControlPlaneSettings ca,
    Optional<Join> join,
    Path inpodSocket,
    Duration secretTtl,
    Optional<Path> revocationLists,
    Duration terminationDeadline,
    TransportSettings transport,
    ProxySettings proxy,
    Optional<DnsSettings> dns,
    String istioVersion) {

  /** Where the daemon can be looked at. */
  public record Admin(
      InetSocketAddress admin,
      InetSocketAddress stats,
      InetSocketAddress readiness,
      Optional<Path> socket) {}

  /** A token to join with, and the folder that keeps what it is turned into. */
  public record Join(Bearer token, Path state) {}

  private static final Duration SHORTEST_DEADLINE = Duration.ofSeconds(1);

  /**
   * Reads everything; the caller calls {@link Settings#finish()} afterwards.
   *
   * @param environment for the names that are only known by a prefix
   */
  public static ZtunnelSettings from(Settings settings, Map<String, String> environment) {
    refuseUnsupported(settings);
    TransportSettings transport = TransportSettings.from(settings);
    NodeSettings node = NodeSettings.from(settings, environment);
    boolean ipv6 = transport.sockets().ipv6();
    return new ZtunnelSettings(
        node,
        admin(settings, ipv6),
        ControlPlaneSettings.from(settings, environment, "XDS"),
        ControlPlaneSettings.from(settings, environment, "CA"),
        join(settings),
        settings.path("INPOD_UDS", Path.of("/var/run/ztunnel/ztunnel.sock")),
        settings.duration("SECRET_TTL", Duration.ofHours(24)),
        settings.text("CRL_PATH").filter(path -> !path.isEmpty()).map(Path::of),
        terminationDeadline(settings),
        transport,
        ProxySettings.from(settings, transport.sockets()),
        DnsSettings.from(settings, node.clusterDomain(), ipv6),
        settings.text("ISTIO_META_ISTIO_VERSION", "unknown"));
  }

  private static Admin admin(Settings settings, boolean ipv6) {
    String wildcard = ipv6 ? "::" : "0.0.0.0";
    return new Admin(
        new InetSocketAddress("127.0.0.1", settings.number("AMBIT_ADMIN_PORT", 15_000, 0, 65_535)),
        new InetSocketAddress(wildcard, settings.number("AMBIT_STATS_PORT", 15_020, 0, 65_535)),
        new InetSocketAddress(wildcard, settings.number("AMBIT_READINESS_PORT", 15_021, 0, 65_535)),
        settings.path("AMBIT_ADMIN_SOCKET"));
  }

  private static Optional<Join> join(Settings settings) {
    Path state = settings.path("AMBIT_STATE", Path.of("/var/lib/ambit/ztunnel"));
    return settings
        .path("AMBIT_JOIN_TOKEN")
        .map(token -> new Join(new Bearer(token.toAbsolutePath().toString()), state));
  }

  /** A little less than what the supervisor grants, so that the end is ours. */
  private static Duration terminationDeadline(Settings settings) {
    int grace = settings.number("TERMINATION_GRACE_PERIOD_SECONDS", 0, 0, 86_400);
    int seconds = grace == 0 ? 5 : grace > 10 ? grace - 5 : grace - 1;
    Duration derived = Duration.ofSeconds(seconds);
    return settings.duration(
        "CONNECTION_TERMINATION_DEADLINE",
        derived.compareTo(SHORTEST_DEADLINE) < 0 ? SHORTEST_DEADLINE : derived);
  }

  /** What changes who may talk to whom must not be passed over in silence. */
  private static void refuseUnsupported(Settings settings) {
    Map<String, String> onlyThis =
        Map.of(
            "LOCALHOST_APP_TUNNEL", "true",
            "PROXY_MODE", "shared",
            "XDS_ON_DEMAND", "false",
            "FAKE_CA", "false",
            "TLS12_ENABLED", "false",
            "UNSTABLE_ENABLE_SOCKS5", "false");
    onlyThis.forEach((name, value) -> {
      String got = settings.text(name, value);
      if (!got.toLowerCase(Locale.ROOT).equals(value)) {
        settings.mistake(name, got, value + ", the only one this version has");
      }
    });
    for (String name : new String[] {"LOCAL_XDS", "LOCAL_XDS_PATH", "COMPLIANCE_POLICY"}) {
      settings
          .text(name)
          .ifPresent(got -> settings.mistake(name, got, "nothing; this version does not have it"));
    }
  }
}
