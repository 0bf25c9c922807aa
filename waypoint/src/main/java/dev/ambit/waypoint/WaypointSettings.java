package dev.ambit.waypoint;

import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.controlplane.Bearer;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.net.TransportSettings;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.server.FrontSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * All settings of the waypoint (spec: ztunnel-observability §6, waypoint-selection §9).
 *
 * @param token that proves the pod; empty: by AUTH_TOKEN
 * @param keys where keys of token issuers may be fetched
 * @param trustedProxies how many entries at the end of {@code x-forwarded-for} are believed
 * @param terminationDeadline how long requests under way may last once the process is to end
 */
public record WaypointSettings(
    Pod pod,
    Addresses addresses,
    ControlPlaneSettings xds,
    ControlPlaneSettings ca,
    Optional<Bearer> token,
    Keys keys,
    Duration secretTtl,
    Duration terminationDeadline,
    TransportSettings transport,
    HboneSettings hbone,
    FrontSettings front,
    int trustedProxies,
    Told told) {

  /**
   * Which pod of which Gateway this is.
   *
   * @param address its first
   * @param addresses all of them, separated by commas
   */
  public record Pod(
      String node,
      String name,
      String namespace,
      String serviceAccount,
      String gateway,
      InetAddress address,
      String addresses,
      Mesh mesh) {
    /** Its own identity. */
    public SpiffeId identity() {
      return new SpiffeId(mesh.trustDomain(), namespace, serviceAccount);
    }
  }

  /**
   * What mesh it belongs to.
   *
   * @param network id of its network, "" in a mesh with one only
   */
  public record Mesh(
      String clusterId,
      String clusterDomain,
      String trustDomain,
      String network,
      String rootNamespace) {}

  /** Where it listens. */
  public record Addresses(
      InetSocketAddress tunnels,
      InetSocketAddress admin,
      InetSocketAddress stats,
      InetSocketAddress proxyStats,
      InetSocketAddress readiness,
      Optional<Path> socket) {}

  /** Which addresses keys of token issuers may have (spec: threat-model SEC-078). */
  public record Keys(boolean plain, boolean local) {}

  /**
   * What telemetry may say of the process.
   *
   * @param version shown in {@code istio_build}
   * @param environment that tags of spans may name: nothing that looks like a secret
   */
  public record Told(String version, Map<String, String> environment) {
    public Told {
      environment = Map.copyOf(environment);
    }

    private static Told from(Settings settings, Map<String, String> environment) {
      Map<String, String> open = new HashMap<>(environment);
      open.keySet().removeIf(name -> SECRET.matcher(name).find());
      return new Told(settings.text("ISTIO_META_ISTIO_VERSION", "unknown"), open);
    }
  }

  private static final Pattern SECRET =
      Pattern.compile("TOKEN|SECRET|PASS|KEY|CREDENTIAL|_HEADER_", Pattern.CASE_INSENSITIVE);

  private static final Duration SHORTEST_DEADLINE = Duration.ofSeconds(1);

  /**
   * Reads everything; the caller calls {@link Settings#finish()} afterwards.
   *
   * @param environment for the names that are only known by a prefix
   */
  public static WaypointSettings from(Settings settings, Map<String, String> environment) {
    TransportSettings read = TransportSettings.from(settings);
    // A waypoint is nobody's transparent proxy.
    TransportSettings transport =
        new TransportSettings(read.kind(), read.loops(), read.sockets().unprivileged());
    return new WaypointSettings(
        pod(settings),
        addresses(settings, transport.sockets().ipv6()),
        ControlPlaneSettings.from(settings, environment, "XDS"),
        ControlPlaneSettings.from(settings, environment, "CA"),
        token(settings),
        new Keys(
            settings.flag("AMBIT_JWKS_PLAIN", false), settings.flag("AMBIT_JWKS_LOCAL", false)),
        settings.duration("SECRET_TTL", Duration.ofHours(24)),
        terminationDeadline(settings),
        transport,
        HboneSettings.from(settings),
        FrontSettings.from(settings),
        settings.number("AMBIT_TRUSTED_PROXIES", 0, 0, 100),
        Told.from(settings, environment));
  }

  private static Pod pod(Settings settings) {
    String addresses = settings.text("INSTANCE_IPS", settings.text("INSTANCE_IP", "127.0.0.1"));
    String first = addresses.split(",", -1)[0].strip();
    Optional<InetAddress> address = IpAddresses.parse(first);
    if (address.isEmpty()) {
      settings.mistake("INSTANCE_IPS", addresses, "IP addresses separated by commas");
    }
    String gateway = required(settings, "GATEWAY_NAME", "the name of the Gateway");
    return new Pod(
        settings.text("NODE_NAME", ""),
        settings.text("POD_NAME", gateway),
        required(settings, "POD_NAMESPACE", "the namespace of the Gateway"),
        settings.text("SERVICE_ACCOUNT", gateway),
        gateway,
        address.orElse(InetAddress.getLoopbackAddress()),
        addresses,
        new Mesh(
            settings.text("CLUSTER_ID", "Kubernetes"),
            settings.text("CLUSTER_DOMAIN", "cluster.local"),
            settings.text("TRUST_DOMAIN", SpiffeId.DEFAULT_TRUST_DOMAIN),
            settings.text("NETWORK", ""),
            settings.text("ROOT_NAMESPACE", "istio-system")));
  }

  private static String required(Settings settings, String name, String what) {
    String value = settings.text(name, "");
    if (value.isEmpty()) {
      settings.mistake(name, "nothing", what);
      return "unknown";
    }
    return value;
  }

  private static Addresses addresses(Settings settings, boolean ipv6) {
    String wildcard = ipv6 ? "::" : "0.0.0.0";
    return new Addresses(
        new InetSocketAddress(wildcard, settings.number("AMBIT_TUNNEL_PORT", 15_008, 0, 65_535)),
        new InetSocketAddress("127.0.0.1", settings.number("AMBIT_ADMIN_PORT", 15_000, 0, 65_535)),
        new InetSocketAddress(wildcard, settings.number("AMBIT_STATS_PORT", 15_020, 0, 65_535)),
        new InetSocketAddress(
            wildcard, settings.number("AMBIT_PROXY_STATS_PORT", 15_090, 0, 65_535)),
        new InetSocketAddress(wildcard, settings.number("AMBIT_READINESS_PORT", 15_021, 0, 65_535)),
        settings.path("AMBIT_ADMIN_SOCKET"));
  }

  private static Optional<Bearer> token(Settings settings) {
    return settings
        .path("AMBIT_JOIN_TOKEN")
        .map(token -> new Bearer(token.toAbsolutePath().toString()));
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
}
