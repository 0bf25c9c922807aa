package dev.ambit.cli.dump;

import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.WeightedWaypoint;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Turns a {@code /config_dump}, ours or the one of Istio's ztunnel, into the view it was made from
 * (spec: ztunnel-observability §3.1). What a dump does not say keeps its default: the protocols of
 * service ports are not in it, and an unhealthy endpoint is known by its workload only.
 */
public final class DumpReader {
  private static final int TUNNEL_PORT = 15008;

  private DumpReader() {}

  /** Throws an unchecked exception that names the value that cannot be read. */
  public static MeshView read(JsonNode dump) {
    Field root = new Field("config_dump", dump);
    Map<String, Map<ServiceKey, Map<Integer, Integer>>> memberships = memberships(root);
    List<MeshChange> changes = new ArrayList<>();
    root.get("workloads")
        .each(workload -> workload(workload, memberships))
        .forEach(workload -> changes.add(new MeshChange.WorkloadPut(workload)));
    root.get("services")
        .each(DumpReader::service)
        .forEach(service -> changes.add(new MeshChange.ServicePut(service)));
    root.get("policies")
        .each(PolicyReader::policy)
        .forEach(policy -> changes.add(new MeshChange.PolicyPut(policy)));
    return MeshView.empty().with(changes);
  }

  /** The network that the ztunnel of a dump is configured for. */
  public static String network(JsonNode dump) {
    return dump.path("config").path("network").asString("");
  }

  /** Per workload: its services with the port map that the service's endpoint has. */
  private static Map<String, Map<ServiceKey, Map<Integer, Integer>>> memberships(Field root) {
    Map<String, Map<ServiceKey, Map<Integer, Integer>>> all = new HashMap<>();
    root.get("services")
        .each(service -> {
          endpoints(service.get("endpoints"), key(service), all);
          return service;
        });
    root.get("stagedServices")
        .json()
        .forEachEntry((name, endpoints) ->
            ServiceKey.parse(name)
                .ifPresent(key -> endpoints(new Field(name, endpoints), key, all)));
    return all;
  }

  private static void endpoints(
      Field endpoints, ServiceKey key, Map<String, Map<ServiceKey, Map<Integer, Integer>>> all) {
    endpoints
        .json()
        .forEachEntry((uid, endpoint) ->
            all.computeIfAbsent(uid, _ -> new HashMap<>())
                .put(key, numbers(new Field(uid, endpoint).get("port"))));
  }

  private static Map<Integer, Integer> numbers(Field map) {
    Map<Integer, Integer> numbers = new TreeMap<>();
    map.json()
        .forEachEntry((port, target) -> {
          if (!port.matches("[0-9]{1,5}") || !target.isInt()) {
            throw map.bad("port numbers");
          }
          numbers.put(Integer.valueOf(port), target.asInt());
        });
    return numbers;
  }

  private static Workload workload(
      Field from, Map<String, Map<ServiceKey, Map<Integer, Integer>>> memberships) {
    String uid = from.get("uid").text("");
    Map<ServiceKey, Map<Integer, Integer>> services =
        new HashMap<>(memberships.getOrDefault(uid, Map.of()));
    // An endpoint that is not healthy is in no service, but its workload still names the service.
    from.get("services").texts().stream()
        .map(ServiceKey::parse)
        .flatMap(Optional::stream)
        .forEach(key -> services.putIfAbsent(key, Map.of()));
    Field locality = from.get("locality");
    return Workload.named(uid)
        .name(from.get("name").text(""))
        .namespace(from.get("namespace").text(""))
        .serviceAccount(from.get("serviceAccount").text("default"))
        .trustDomain(from.get("trustDomain").text("cluster.local"))
        .network(from.get("network").text(""))
        .addresses(from.get("workloadIps").each(Field::ip))
        .hostname(from.get("hostname").text(""))
        .tunnel(tunnel(from.get("protocol")))
        .nativeTunnel(from.get("nativeTunnel").flag(false))
        .networkMode(
            from.get("networkMode")
                .choice(Workload.NetworkMode.class, Workload.NetworkMode.STANDARD))
        .status(from.get("status").choice(Workload.Status.class, Workload.Status.HEALTHY))
        .node(from.get("node").text(""))
        .clusterId(from.get("clusterId").text("Kubernetes"))
        .locality(
            new Locality(
                locality.get("region").text(""),
                locality.get("zone").text(""),
                locality.get("subzone").text("")))
        .workloadName(from.get("workloadName").text(""))
        .type(from.get("workloadType").choice(Workload.Type.class, Workload.Type.DEPLOYMENT))
        .canonicalName(from.get("canonicalName").text(""))
        .canonicalRevision(from.get("canonicalRevision").text(""))
        .waypoint(gateway(from.get("waypoint")))
        .networkGateway(gateway(from.get("networkGateway")))
        .applicationTunnel(applicationTunnel(from.get("applicationTunnel")))
        .services(services)
        .policies(from.get("authorizationPolicies").texts())
        .capacity(from.get("capacity").number(1))
        .build();
  }

  private static Workload.Tunnel tunnel(Field protocol) {
    return switch (protocol.text("TCP")) {
      case "HBONE" -> Workload.Tunnel.HBONE;
      case "TCP", "NONE" -> Workload.Tunnel.NONE;
      default -> throw protocol.bad("TCP or HBONE");
    };
  }

  private static @Nullable ApplicationTunnel applicationTunnel(Field from) {
    return from.isAbsent()
        ? null
        : new ApplicationTunnel(
            from.get("protocol")
                .choice(ApplicationTunnel.Protocol.class, ApplicationTunnel.Protocol.NONE),
            from.get("port").number(0));
  }

  private static @Nullable GatewayAddress gateway(Field from) {
    return from.isAbsent()
        ? null
        : new GatewayAddress(
            destination(from.get("destination")), from.get("hboneMtlsPort").number(TUNNEL_PORT));
  }

  /** {@code network/ip} or {@code namespace/hostname}. */
  private static GatewayAddress.Destination destination(Field from) {
    String text = from.text("");
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw from.bad("network/ip or namespace/hostname");
    }
    Optional<InetAddress> ip = IpAddresses.parse(text.substring(slash + 1));
    return ip.isPresent()
        ? new GatewayAddress.ByAddress(new NetworkAddress(text.substring(0, slash), ip.get()))
        : new GatewayAddress.ByHostname(
            new ServiceKey(text.substring(0, slash), text.substring(slash + 1)));
  }

  private static ServiceKey key(Field service) {
    return new ServiceKey(service.get("namespace").text(""), service.get("hostname").text(""));
  }

  private static Service service(Field from) {
    Map<Integer, ServicePort> ports = new TreeMap<>();
    numbers(from.get("ports"))
        .forEach((port, target) ->
            ports.put(port, new ServicePort(port, target, ServicePort.AppProtocol.UNKNOWN)));
    return new Service(
        from.get("name").text(""),
        key(from),
        from.get("vips").each(DumpReader::networkAddress),
        from.get("cidrVips")
            .each(vip ->
                new Service.NetworkBlock(vip.get("network").text(""), vip.get("cidr").cidr())),
        ports,
        from.get("subjectAltNames").texts(),
        gateway(from.get("waypoint")),
        from.get("weightedWaypoints").each(DumpReader::weighted),
        loadBalancing(from.get("loadBalancer")),
        ipFamilies(from.get("ipFamilies")),
        from.get("canonical").flag(false),
        from.get("ingressUseWaypoint").flag(false),
        from.get("visibility").choice(Service.Visibility.class, Service.Visibility.PUBLIC));
  }

  private static NetworkAddress networkAddress(Field from) {
    if (destination(from) instanceof GatewayAddress.ByAddress(NetworkAddress address)) {
      return address;
    }
    throw from.bad("network/ip");
  }

  /** The share's waypoint is nested, or the share is the waypoint with a weight. */
  private static WeightedWaypoint weighted(Field from) {
    Field nested = from.get("destination");
    GatewayAddress gateway = gateway(nested.json().isObject() ? nested : from);
    if (gateway == null) {
      throw from.bad("a waypoint");
    }
    return new WeightedWaypoint(gateway, from.get("weight").number(0));
  }

  private static LoadBalancing loadBalancing(Field from) {
    if (from.isAbsent()) {
      return LoadBalancing.DEFAULT;
    }
    Field mode = from.get("mode");
    return new LoadBalancing(
        from.get("routingPreferences")
            .each(scope -> scope.choice(LoadBalancing.Scope.class, LoadBalancing.Scope.REGION)),
        // The real ztunnel calls the mode without a preference Standard.
        mode.text("").equals("Standard")
            ? LoadBalancing.Mode.UNSPECIFIED
            : mode.choice(LoadBalancing.Mode.class, LoadBalancing.Mode.UNSPECIFIED),
        from.get("healthPolicy")
            .choice(LoadBalancing.HealthPolicy.class, LoadBalancing.HealthPolicy.ONLY_HEALTHY));
  }

  private static Service.IpFamilies ipFamilies(Field from) {
    return switch (from.text("")) {
      case "IPv4" -> Service.IpFamilies.IPV4_ONLY;
      case "IPv6" -> Service.IpFamilies.IPV6_ONLY;
      default -> from.choice(Service.IpFamilies.class, Service.IpFamilies.AUTOMATIC);
    };
  }
}
