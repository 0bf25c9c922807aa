package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.controller.source.NamespaceObjects.Carried;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.waypoint.PolicyAttachment.Found;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** What is to be said of the objects that waypoints go by. Pure. */
final class WaypointConditions {
  private static final String WAYPOINT_ACCEPTED = "WaypointAccepted";
  private static final Set<String> BUILT_IN_CLASSES = Set.of("ambit-waypoint", "istio-waypoint");

  private final ClusterInput input;
  private final WaypointSet waypoints;
  private final MeshSettings mesh;
  private final Map<ServiceKey, Service> services = new HashMap<>();
  private final Map<String, ServiceKey> hostnames = new HashMap<>();

  private WaypointConditions(ClusterInput input, WaypointSet waypoints, MeshSettings mesh) {
    this.input = input;
    this.waypoints = waypoints;
    this.mesh = mesh;
  }

  /**
   * @param services those of a namespace
   */
  static List<Condition> of(
      ClusterInput input,
      WaypointSet waypoints,
      MeshSettings mesh,
      Function<String, Collection<Service>> services) {
    WaypointConditions conditions = new WaypointConditions(input, waypoints, mesh);
    for (String namespace : input.namespaces().keySet()) {
      for (Service service : services.apply(namespace)) {
        conditions.services.put(service.key(), service);
        conditions.hostnames.put(service.hostname(), service.key());
      }
    }
    return conditions.all(new ObjectCatalogue(input, mesh.clusterDomain()));
  }

  private List<Condition> all(ObjectCatalogue catalogue) {
    List<Condition> said = new ArrayList<>();
    RouteConditions routes =
        new RouteConditions(
            new RouteConditions.Known(services, hostnames, catalogue), mesh.clusterDomain());
    for (NamespaceObjects objects : input.namespaces().values()) {
      for (Carried each : objects.others().values()) {
        switch (each.object()) {
          case VirtualService virtual -> said.addAll(routes.of(virtual));
          case RequestAuthentication authentication ->
              attached(authentication, authentication.targetRefs(), said);
          case ClusterObject other -> said.addAll(routes.of(other));
        }
      }
      for (AuthorizationPolicy policy : objects.policies().values()) {
        attached(policy, policy.targetRefs(), said);
      }
    }
    return said;
  }

  private void attached(ClusterObject policy, List<TargetReference> targets, List<Condition> said) {
    if (targets.isEmpty()) {
      return;
    }
    PolicyAttachment.Status status =
        new PolicyAttachment(targets, policy.metadata().namespace(), mesh.rootNamespace())
            .status(this::find);
    said.add(
        Condition.of(
            policy, WAYPOINT_ACCEPTED, status.accepted(), status.reason(), status.message()));
  }

  private Found find(TargetReference target, String namespace) {
    return switch (target.kind()) {
      case "Service" -> {
        String hostname = target.name() + "." + namespace + ".svc." + mesh.clusterDomain();
        Service service = services.get(new ServiceKey(namespace, hostname));
        yield service == null
            ? Found.ABSENT
            : service.waypoint() == null ? Found.WITHOUT_WAYPOINT : Found.SERVED;
      }
      case "Gateway" ->
          waypoints.byName().containsKey(namespace + "/" + target.name())
              ? Found.SERVED
              : Found.ABSENT;
      case "GatewayClass" ->
          BUILT_IN_CLASSES.contains(target.name())
                  || input.in("").others().containsKey("GatewayClass/" + target.name())
              ? Found.SERVED
              : Found.ABSENT;
      default -> Found.ABSENT;
    };
  }
}
