package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.waypoint.Waypoint;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.workload.ApplicationTunnel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The waypoints of one input, and what is bound to them (spec: waypoint-selection §2, §7).
 * Immutable.
 *
 * @param byName named {@code namespace/name}; those that are not ready, too
 */
record WaypointSet(Map<String, Waypoint> byName) {
  static final WaypointSet NONE = new WaypointSet(Map.of());

  /** Asks for a waypoint. */
  static final String USE = "istio.io/use-waypoint";

  private static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

  WaypointSet {
    byName = Map.copyOf(byName);
  }

  static WaypointSet of(ClusterInput input, String network) {
    Map<String, GatewayClass> classes = new HashMap<>();
    for (GatewayClass each : input.in("").all(GatewayClass.class)) {
      classes.put(each.metadata().name(), each);
    }
    Map<String, Waypoint> found = new HashMap<>();
    for (NamespaceObjects objects : input.namespaces().values()) {
      for (Gateway gateway : objects.all(Gateway.class)) {
        Waypoint waypoint = Waypoint.of(gateway, classes.get(gateway.className()), network);
        found.put(waypoint.toString(), waypoint);
      }
    }
    return found.isEmpty() ? NONE : new WaypointSet(found);
  }

  WaypointBinder.Binding bind(WaypointBinder.Kind kind, Metadata object, NamespaceObjects around) {
    Metadata namespace = around.namespace() == null ? null : around.namespace().metadata();
    WaypointBinder.NamespaceMarks marks =
        namespace == null
            ? new WaypointBinder.NamespaceMarks(Map.of(), Map.of())
            : new WaypointBinder.NamespaceMarks(namespace.labels(), namespace.annotations());
    return new WaypointBinder(this::find)
        .bind(new WaypointBinder.Target(kind, object, marks, false));
  }

  private @Nullable Waypoint find(String namespace, String name) {
    return byName.get(namespace + "/" + name);
  }

  /** How its own node's proxy hands over to {@code pod}, an instance of a waypoint; else null. */
  @Nullable ApplicationTunnel tunnelInto(Metadata pod) {
    Waypoint of = find(pod.namespace(), pod.labels().getOrDefault(GATEWAY_NAME, ""));
    Waypoint.InboundBinding binding = of == null ? null : of.binding();
    return binding == null ? null : new ApplicationTunnel(binding.protocol(), binding.port());
  }

  /** Whether {@code object} itself asks for a waypoint. */
  static boolean asks(Metadata object) {
    return !object.labels().getOrDefault(USE, "").isEmpty();
  }

  /** Whether a change of waypoints may mean something to a pod, whatever its namespace asks. */
  static boolean concerns(Metadata pod) {
    return asks(pod) || pod.labels().containsKey(GATEWAY_NAME);
  }
}
