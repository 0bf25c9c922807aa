package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.LoadBalancing.HealthPolicy;
import dev.ambit.model.workload.LoadBalancing.Mode;
import dev.ambit.model.workload.LoadBalancing.Scope;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Kubernetes Services to services of the mesh (spec: workload-xds §8, control-plane §2). */
final class ServiceTranslator {
  private static final String DISTRIBUTION = "networking.istio.io/traffic-distribution";
  private static final String INGRESS_USE_WAYPOINT = "istio.io/ingress-use-waypoint";
  private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");
  private static final Set<String> FALSE = Set.of("0", "f", "F", "FALSE", "false", "False");

  private final String clusterDomain;

  ServiceTranslator(String clusterDomain) {
    this.clusterDomain = clusterDomain;
  }

  ServiceKey key(KubernetesService service) {
    Metadata metadata = service.metadata();
    return new ServiceKey(
        metadata.namespace(),
        metadata.name() + "." + metadata.namespace() + ".svc." + clusterDomain);
  }

  /** The mesh's view of {@code service}; empty for a mere DNS alias. */
  Optional<Service> translate(
      KubernetesService service,
      NamespaceObjects around,
      Wide wide,
      Consumer<Condition> conditions) {
    if (service.type() == KubernetesService.Type.EXTERNAL_NAME) {
      return Optional.empty();
    }
    String network = wide.network();
    WaypointBinder.Binding binding =
        wide.waypoints().bind(WaypointBinder.Kind.SERVICE, service.metadata(), around);
    condition(service, binding).ifPresent(conditions);
    List<NetworkAddress> addresses = new ArrayList<>();
    for (InetAddress address : service.clusterIps()) {
      addresses.add(new NetworkAddress(network, address));
    }
    return Optional.of(
        new Service(
            service.metadata().name(),
            key(service),
            addresses,
            List.of(),
            ports(service),
            List.of(),
            binding instanceof WaypointBinder.Bound bound ? bound.waypoint().address() : null,
            binding instanceof WaypointBinder.Bound bound ? bound.shares() : List.of(),
            loadBalancing(service, around),
            families(service),
            true,
            ingressUseWaypoint(service, around, conditions),
            Service.Visibility.PUBLIC));
  }

  /** What holds for services of every namespace. */
  record Wide(String network, WaypointSet waypoints, EntryPlan entries) {}

  /** What is said of the waypoint that {@code service} asks for. */
  static Optional<Condition> condition(ClusterObject service, WaypointBinder.Binding binding) {
    return switch (binding) {
      case WaypointBinder.Unbound() -> Optional.empty();
      case WaypointBinder.Refused(WaypointBinder.Reason reason, String message) ->
          Optional.of(Condition.ofWaypoint(service, false, reason.text(), message));
      case WaypointBinder.Bound bound -> {
        WaypointBinder.Reason problem = bound.canaryProblem();
        WaypointBinder.Reason reason =
            problem == null ? WaypointBinder.Reason.WAYPOINT_ACCEPTED : problem;
        yield Optional.of(Condition.ofWaypoint(service, true, reason.text(), bound.message()));
      }
    };
  }

  private static Map<Integer, ServicePort> ports(KubernetesService service) {
    Map<Integer, ServicePort> ports = new HashMap<>();
    for (KubernetesService.Port port : service.ports()) {
      // A number may serve TCP and UDP; the mesh carries TCP.
      ports.merge(
          port.port(),
          new ServicePort(port.port(), numericTarget(port), AppProtocols.of(port)),
          (earlier, later) -> isTcp(port) ? later : earlier);
    }
    return ports;
  }

  private static boolean isTcp(KubernetesService.Port port) {
    return port.protocol().isEmpty() || port.protocol().equals("TCP");
  }

  private static int numericTarget(KubernetesService.Port port) {
    if (!port.targetName().isEmpty()) {
      return 0;
    }
    return port.targetPort() == 0 ? port.port() : port.targetPort();
  }

  /** Where {@code pod} serves the ports of {@code service}; an unknown port name is left out. */
  static Map<Integer, Integer> endpointPorts(KubernetesService service, Pod pod) {
    Map<Integer, Integer> targets = new HashMap<>();
    for (KubernetesService.Port port : service.ports()) {
      int target =
          port.targetName().isEmpty()
              ? numericTarget(port)
              : pod.containerPorts().getOrDefault(port.targetName(), 0);
      if (target != 0) {
        targets.merge(port.port(), target, (earlier, later) -> isTcp(port) ? later : earlier);
      }
    }
    return targets;
  }

  private static LoadBalancing loadBalancing(KubernetesService service, NamespaceObjects around) {
    HealthPolicy health =
        service.publishNotReadyAddresses() ? HealthPolicy.ALLOW_ALL : HealthPolicy.ONLY_HEALTHY;
    if (service.localTrafficOnly()) {
      return new LoadBalancing(List.of(Scope.NODE), Mode.STRICT, health);
    }
    return switch (distribution(service, around)) {
      case "preferclose", "prefersamezone" ->
          new LoadBalancing(
              List.of(Scope.NETWORK, Scope.REGION, Scope.ZONE), Mode.FAILOVER, health);
      case "prefersamenode" ->
          new LoadBalancing(
              List.of(Scope.NETWORK, Scope.REGION, Scope.ZONE, Scope.SUBZONE, Scope.NODE),
              Mode.FAILOVER,
              health);
      default -> new LoadBalancing(List.of(), Mode.UNSPECIFIED, health);
    };
  }

  /** An unknown value in the spec is passed over; one in an annotation ends the search. */
  private static String distribution(KubernetesService service, NamespaceObjects around) {
    switch (service.trafficDistribution()) {
      case "PreferClose", "PreferSameZone", "PreferSameNode" -> {
        return service.trafficDistribution().toLowerCase(Locale.ROOT);
      }
      default -> {
        String own = service.metadata().annotations().getOrDefault(DISTRIBUTION, "");
        return (own.isEmpty() ? around.annotation(DISTRIBUTION) : own).toLowerCase(Locale.ROOT);
      }
    }
  }

  private static Service.IpFamilies families(KubernetesService service) {
    boolean four;
    boolean six;
    if (service.ipFamilies().isEmpty()) {
      four = service.clusterIps().stream().anyMatch(Inet4Address.class::isInstance);
      six = service.clusterIps().stream().anyMatch(ip -> !(ip instanceof Inet4Address));
    } else {
      four = service.ipFamilies().contains("IPv4");
      six = service.ipFamilies().contains("IPv6");
    }
    if (four && six) {
      return Service.IpFamilies.DUAL;
    }
    if (four) {
      return Service.IpFamilies.IPV4_ONLY;
    }
    return six ? Service.IpFamilies.IPV6_ONLY : Service.IpFamilies.AUTOMATIC;
  }

  private static boolean ingressUseWaypoint(
      KubernetesService service, NamespaceObjects around, Consumer<Condition> conditions) {
    String own = service.metadata().labels().get(INGRESS_USE_WAYPOINT);
    if (own == null) {
      return TRUE.contains(around.label(INGRESS_USE_WAYPOINT));
    }
    if (!TRUE.contains(own) && !FALSE.contains(own)) {
      conditions.accept(
          new Condition(
              service.kind(),
              service.metadata().namespace(),
              service.metadata().name(),
              "ambit.dev/LabelsValid",
              false,
              "InvalidLabel",
              INGRESS_USE_WAYPOINT
                  + ": got \""
                  + own
                  + "\", expected true or false; taken as false"));
    }
    return TRUE.contains(own);
  }
}
