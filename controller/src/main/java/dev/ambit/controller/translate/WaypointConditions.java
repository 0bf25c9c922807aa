package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.controller.source.NamespaceObjects.Carried;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.waypoint.PolicyAttachment.Found;
import dev.ambit.model.waypoint.Waypoint;
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
          case VirtualService virtual -> {
            said.addAll(routes.of(virtual));
            said.addAll(routes.overlaps(virtual));
          }
          case Telemetry telemetry -> {
            attached(telemetry, telemetry.targetRefs(), said);
            ignored(telemetry, said);
          }
          case DestinationRule rule -> credentials(rule, catalogue, said);
          case RequestAuthentication authentication ->
              attached(authentication, authentication.targetRefs(), said);
          case ClusterObject other -> {
            said.addAll(routes.of(other));
            said.addAll(ofGateway(other));
          }
        }
      }
      for (AuthorizationPolicy policy : objects.policies().values()) {
        attached(policy, policy.targetRefs(), said);
      }
    }
    return said;
  }

  /** Spec: l7-telemetry 7. */
  private static void ignored(Telemetry telemetry, List<Condition> said) {
    if (!telemetry.selector().isEmpty()) {
      said.add(
          Condition.of(
              telemetry,
              WAYPOINT_ACCEPTED,
              false,
              "Invalid",
              "selector: got one, expected targetRefs: waypoints obey no selector"));
    }
  }

  /** A route that is attached to a waypoint instead of a service does nothing. */
  private List<Condition> ofGateway(ClusterObject route) {
    return ObjectCatalogue.parents(route).stream()
        .filter(each -> each.kind().equals("Gateway"))
        .map(each -> each.namespace() + "/" + each.name())
        .filter(each -> waypoints.byName().containsKey(each))
        .map(each ->
            Condition.of(
                route,
                "Accepted",
                false,
                "NotAllowedByListeners",
                "parentRefs: got waypoint "
                    + each
                    + ", expected a Service or ServiceEntry that is bound to it"))
        .toList();
  }

  /** Of a rule that waypoints obey, whether each of them has the secrets that it names. */
  private void credentials(DestinationRule rule, ObjectCatalogue catalogue, List<Condition> said) {
    Set<String> names = Credentials.of(rule);
    if (names.isEmpty()) {
      return;
    }
    ServiceKey key = hostnames.get(catalogue.fullHost(rule.host(), rule.metadata().namespace()));
    Service service = key == null ? null : services.get(key);
    if (service == null || service.waypoint() == null) {
      return;
    }
    for (Waypoint each : waypoints.byName().values()) {
      if (service.waypoint().equals(each.address())) {
        Set<String> there = input.in(each.namespace()).others().keySet();
        for (String name : names) {
          if (!there.contains("Secret/" + name)) {
            said.add(
                Condition.of(
                    rule,
                    "ResolvedRefs",
                    false,
                    "SecretNotFound",
                    "credentialName: got "
                        + name
                        + ", of which there is no Secret in namespace "
                        + each.namespace()
                        + " of waypoint "
                        + each));
          }
        }
      }
    }
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

  /** An entry is as many services as it has hosts. */
  private static Found found(List<Service> services) {
    return services.isEmpty()
        ? Found.ABSENT
        : services.stream().anyMatch(each -> each.waypoint() != null)
            ? Found.SERVED
            : Found.WITHOUT_WAYPOINT;
  }

  private Found find(TargetReference target, String namespace) {
    return switch (target.kind()) {
      case "Service" -> {
        String hostname = target.name() + "." + namespace + ".svc." + mesh.clusterDomain();
        Service service = services.get(new ServiceKey(namespace, hostname));
        yield found(service == null ? List.of() : List.of(service));
      }
      case "ServiceEntry" ->
          found(
              services.values().stream()
                  .filter(each -> each.namespace().equals(namespace))
                  .filter(each -> each.name().equals(target.name()))
                  .filter(each ->
                      PolicyAttachment.Owner.of(each, mesh.clusterDomain())
                          .kind()
                          .equals(target.kind()))
                  .toList());
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
