package dev.ambit.controller.deploy;

import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Listener;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.waypoint.GatewayAddresses;
import dev.ambit.model.waypoint.WaypointClass;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What one Gateway asks for, as objects (spec: waypoint-selection §9). Pure. */
final class Template {
  static final int HBONE_PORT = 15008;
  static final String RESTARTED_AT = "ambit.dev/restartedAt";

  /** Annotations of a Gateway with this prefix are variables of its pods. */
  private static final String VARIABLE = "env.ambit.dev/";

  private static final int STATUS_PORT = 15021;
  private static final int GRACE_SECONDS = 30;
  private static final String SERVICE_ACCOUNT = "gateway.istio.io/service-account";

  /** Keys that are about a Gateway and not about what is made for it. */
  private static final List<String> NOT_COPIED =
      List.of(
          "gateway.networking.k8s.io/",
          "gateway.istio.io/",
          "networking.istio.io/",
          "kubectl.kubernetes.io/",
          VARIABLE,
          "ambit.dev/");

  private final Gateway gateway;
  private final WaypointClass ofClass;
  private final MeshSettings mesh;

  Template(Gateway gateway, WaypointClass ofClass, MeshSettings mesh) {
    this.gateway = gateway;
    this.ofClass = ofClass;
    this.mesh = mesh;
  }

  String namespace() {
    return gateway.metadata().namespace();
  }

  String service() {
    return GatewayAddresses.serviceName(gateway);
  }

  String account() {
    return gateway.metadata().annotations().getOrDefault(SERVICE_ACCOUNT, service());
  }

  /** Of all the Gateway's listeners the one that can be served. */
  static boolean served(Listener listener) {
    return listener.protocol().equals("HBONE") && listener.port() == HBONE_PORT;
  }

  /**
   * The Gateway as it binds: counts where the user's own cannot be read, so that a typing error
   * opens no way past the waypoint, not even over a restart.
   */
  Gateway copy() {
    Metadata own = gateway.metadata();
    Map<String, String> annotations = new TreeMap<>(own.annotations());
    annotations.keySet().removeIf(key -> key.startsWith("kubectl.kubernetes.io/"));
    return new Gateway(
        new Metadata(own.namespace(), own.name(), "", own.labels(), annotations, Instant.EPOCH, ""),
        gateway.className(),
        gateway.listeners(),
        List.of(),
        List.of(),
        Gateway.Infrastructure.NONE);
  }

  ServiceAccount serviceAccount() {
    return new ServiceAccount(metadata(account(), labels(), Map.of()));
  }

  KubernetesService service(List<InetAddress> addresses, boolean programmed) {
    Map<String, String> annotations = new TreeMap<>(annotations());
    annotations.put("networking.istio.io/traffic-distribution", "PreferClose");
    annotations.put(Deployer.ORIGIN, gateway.metadata().origin());
    if (programmed) {
      annotations.put(GatewayAddresses.PROGRAMMED, "true");
    }
    List<KubernetesService.Port> ports = new ArrayList<>();
    ports.add(port("status-port", STATUS_PORT, "tcp"));
    Set<String> names = new LinkedHashSet<>(Set.of("status-port"));
    for (Listener listener : gateway.listeners()) {
      if (served(listener) && ports.size() == 1) {
        String name = listener.name().replace('.', '-');
        name = name.substring(0, Math.min(name.length(), 63));
        ports.add(port(names.add(name) ? name : name + "-" + HBONE_PORT, HBONE_PORT, "hbone"));
      }
    }
    return new KubernetesService(
        metadata(service(), labels(), annotations),
        KubernetesService.Type.CLUSTER_IP,
        addresses,
        Map.of(WaypointClass.GATEWAY, gateway.metadata().name()),
        ports,
        List.of(),
        false,
        "",
        false);
  }

  private static KubernetesService.Port port(String name, int number, String protocol) {
    return new KubernetesService.Port(name, "TCP", number, number, "", protocol);
  }

  /** A pod that is not ready yet. */
  Pod pod(int number, String node, List<InetAddress> addresses) {
    String name = podName(number);
    Map<String, String> labels = new TreeMap<>(labels());
    labels.put("istio.io/gateway-name", gateway.metadata().name());
    labels.put("istio.io/dataplane-mode", "none");
    labels.put("sidecar.istio.io/inject", "false");
    labels.put("service.istio.io/canonical-name", service());
    labels.put("service.istio.io/canonical-revision", "latest");
    Map<String, String> annotations = new TreeMap<>(annotations());
    annotations.put("prometheus.io/scrape", "true");
    annotations.put("prometheus.io/port", "15020");
    annotations.put("prometheus.io/path", "/stats/prometheus");
    annotations.put(Replacement.TEMPLATE, hash());
    Map<String, String> environment = new TreeMap<>(variables());
    environment.put("POD_NAME", name);
    environment.put("NODE_NAME", node);
    if (!addresses.isEmpty()) {
      environment.put("INSTANCE_IP", IpAddresses.print(addresses.getFirst()));
      environment.put(
          "INSTANCE_IPS",
          addresses.stream().map(IpAddresses::print).collect(Collectors.joining(",")));
    }
    return new Pod(
        metadata(name, labels, annotations),
        node,
        account(),
        false,
        Pod.Phase.RUNNING,
        false,
        false,
        addresses,
        Map.of("hbone", HBONE_PORT, "status-port", STATUS_PORT),
        name,
        List.of(new Pod.Container("waypoint", List.of("ambit", "waypoint"), environment)));
  }

  String podName(int number) {
    return service() + "-" + number;
  }

  /** Variables that all pods share. */
  private Map<String, String> variables() {
    Map<String, String> all = new TreeMap<>();
    gateway
        .metadata()
        .annotations()
        .forEach((key, value) -> {
          if (key.startsWith(VARIABLE)) {
            all.put(key.substring(VARIABLE.length()), value);
          }
        });
    all.put("POD_NAMESPACE", namespace());
    all.put("SERVICE_ACCOUNT", account());
    all.put("GATEWAY_NAME", gateway.metadata().name());
    all.put("TRUST_DOMAIN", mesh.trustDomain());
    all.put("CLUSTER_ID", mesh.clusterId());
    all.put("CLUSTER_DOMAIN", mesh.clusterDomain());
    all.put("TERMINATION_GRACE_PERIOD_SECONDS", Integer.toString(GRACE_SECONDS));
    return all;
  }

  /** Tells pods apart that must be replaced; everything that is not each pod's own. */
  String hash() {
    String all =
        new TreeMap<>(labels())
            + "\n"
            + new TreeMap<>(annotations())
            + "\n"
            + variables()
            + "\n"
            + gateway.metadata().annotations().getOrDefault(RESTARTED_AT, "");
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is part of every JDK", e);
    }
  }

  private Map<String, String> labels() {
    Gateway.Infrastructure asked = gateway.infrastructure();
    boolean said = !asked.labels().isEmpty() || !asked.annotations().isEmpty();
    Map<String, String> labels = copied(said ? asked.labels() : gateway.metadata().labels());
    labels.put(WaypointClass.GATEWAY, gateway.metadata().name());
    labels.put("gateway.networking.k8s.io/gateway-class-name", gateway.className());
    labels.put(WaypointClass.MANAGED, ofClass.managed());
    return labels;
  }

  private Map<String, String> annotations() {
    Gateway.Infrastructure asked = gateway.infrastructure();
    boolean said = !asked.labels().isEmpty() || !asked.annotations().isEmpty();
    return copied(said ? asked.annotations() : gateway.metadata().annotations());
  }

  private static Map<String, String> copied(Map<String, String> from) {
    Map<String, String> all = new TreeMap<>(from);
    all.keySet().removeIf(key -> NOT_COPIED.stream().anyMatch(key::startsWith));
    return all;
  }

  private Metadata metadata(
      String name, Map<String, String> labels, Map<String, String> annotations) {
    return new Metadata(namespace(), name, "", labels, annotations, Instant.EPOCH, "");
  }
}
