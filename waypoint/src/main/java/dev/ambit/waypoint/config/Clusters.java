package dev.ambit.waypoint.config;

import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.traffic.DestinationRules;
import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import dev.ambit.model.workload.WorkloadBuilder;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes clusters (spec: traffic-policy §1, waypoint-selection §5). Pure. */
final class Clusters {
  private Clusters() {}

  /** Empty when there is no such subset. */
  static Optional<Cluster> of(
      Cluster.Key key, ServicePort port, Compiled.Parts parts, Place place) {
    Service service = parts.service();
    DestinationRules.Lookup lookup =
        new DestinationRules.Lookup(service.hostname(), service.namespace(), place.namespace());
    Optional<Effective> found =
        parts
            .objects()
            .rules()
            .find(lookup)
            .orElse(DestinationRules.Merged.NONE)
            .at(key.port(), key.subset())
            .map(policy -> Credentials.in(policy, parts.objects()));
    return found.map(policy ->
        new Cluster(
            key,
            protocol(port.appProtocol(), policy.policy()),
            endpoints(parts, port, policy),
            policy,
            distribution(service.loadBalancing())));
  }

  /** A workload that was called by its address, with whatever it speaks. */
  static Cluster of(Workload workload, int port) {
    return new Cluster(
        new Cluster.Key(null, workload.uid(), port, ""),
        Cluster.Protocol.AS_CLIENT,
        List.of(new Cluster.Endpoint(workload, port, workload.status() == Workload.Status.HEALTHY)),
        new Effective(TrafficPolicy.NONE, Map.of()),
        "");
  }

  /**
   * A host outside of the mesh, whose address DNS knows. A DestinationRule may ask for TLS to it.
   */
  static Cluster outside(String host, int port, ObjectIndex objects, Place place) {
    Effective policy =
        objects
            .rules()
            .find(new DestinationRules.Lookup(host, "", place.namespace()))
            .flatMap(rules -> rules.at(port, ""))
            .orElse(new Effective(TrafficPolicy.NONE, Map.of()));
    String uid = "outside/" + host;
    Workload.Status up = Workload.Status.HEALTHY;
    WorkloadBuilder there = Workload.named(uid).name(host).status(up);
    Optional<InetAddress> address = IpAddresses.parse(host);
    Workload workload =
        address.isPresent()
            ? there.addresses(List.of(address.get())).build()
            : there.hostname(host).build();
    return new Cluster(
        new Cluster.Key(null, uid, port, ""),
        Cluster.Protocol.AS_CLIENT,
        List.of(new Cluster.Endpoint(workload, port, true)),
        policy,
        "");
  }

  private static List<Cluster.Endpoint> endpoints(
      Compiled.Parts parts, ServicePort port, Effective policy) {
    Service service = parts.service();
    boolean all = service.loadBalancing().health() == LoadBalancing.HealthPolicy.ALLOW_ALL;
    List<Cluster.Endpoint> endpoints = new ArrayList<>();
    for (Workload workload : parts.members()) {
      Map<String, String> labels = parts.objects().labels(workload);
      int target = target(workload, service.key(), port);
      if (target != 0 && policy.holds(labels)) {
        boolean healthy = all || workload.status() == Workload.Status.HEALTHY;
        endpoints.add(new Cluster.Endpoint(workload, target, healthy, labels));
      }
    }
    return endpoints;
  }

  /** An endpoint's own port goes before that of the service; 0 when it does not serve this one. */
  private static int target(Workload workload, ServiceKey service, ServicePort port) {
    return workload
        .services()
        .getOrDefault(service, Map.of())
        .getOrDefault(port.port(), port.targetPort());
  }

  private static Cluster.Protocol protocol(ServicePort.AppProtocol said, TrafficPolicy policy) {
    TrafficPolicy.ConnectionPool pool = policy.connectionPool();
    TrafficPolicy.HttpPool http = pool == null ? TrafficPolicy.HttpPool.NONE : pool.http();
    boolean upgrade = http.upgrade() == TrafficPolicy.H2Upgrade.UPGRADE;
    return switch (said) {
      case TCP, TLS -> Cluster.Protocol.TCP;
      case HTTP2, GRPC ->
          http.useClientProtocol() ? Cluster.Protocol.AS_CLIENT : Cluster.Protocol.HTTP_2;
      case HTTP11 ->
          http.useClientProtocol()
              ? Cluster.Protocol.AS_CLIENT
              : upgrade ? Cluster.Protocol.HTTP_2 : Cluster.Protocol.HTTP_1;
      case UNKNOWN ->
          upgrade && !http.useClientProtocol()
              ? Cluster.Protocol.HTTP_2
              : Cluster.Protocol.AS_CLIENT;
    };
  }

  /** The wire says it as scopes; policies go by its name. */
  private static String distribution(LoadBalancing balancing) {
    if (balancing.mode() != LoadBalancing.Mode.FAILOVER) {
      return "";
    }
    return balancing.preference().contains(LoadBalancing.Scope.NODE)
        ? "PreferSameNode"
        : "PreferClose";
  }
}
