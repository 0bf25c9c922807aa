package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.Waypoint;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.workload.ApplicationTunnel;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The waypoints of one input, and what is bound to them (spec: waypoint-selection §2, §7).
 * Immutable.
 *
 * @param byName named {@code namespace/name}; those that are not ready, too
 * @param accounts by the same names, the service accounts of their pods; empty unless asked for
 */
record WaypointSet(Map<String, Waypoint> byName, Map<String, Set<String>> accounts) {
  static final WaypointSet NONE = new WaypointSet(Map.of(), Map.of());

  /** Asks for a waypoint. */
  static final String USE = "istio.io/use-waypoint";

  private static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";

  WaypointSet {
    byName = Map.copyOf(byName);
    accounts = Map.copyOf(accounts);
  }

  /** The service accounts that instances of a waypoint run as. */
  Set<String> accountsOf(String name) {
    return accounts.getOrDefault(name, Set.of());
  }

  private static Set<String> accounts(NamespaceObjects objects, String gateway) {
    Set<String> found = new TreeSet<>();
    for (Pod pod : objects.pods().values()) {
      if (gateway.equals(pod.metadata().labels().get(GATEWAY_NAME))) {
        found.add(pod.serviceAccount());
      }
    }
    return found;
  }

  /**
   * @param accounts whether their service accounts are asked for
   */
  static WaypointSet of(ClusterInput input, String network, boolean accounts) {
    Map<String, GatewayClass> classes = new HashMap<>();
    for (GatewayClass each : input.in("").all(GatewayClass.class)) {
      classes.put(each.metadata().name(), each);
    }
    Map<String, Waypoint> found = new HashMap<>();
    Map<String, Set<String>> running = new HashMap<>();
    for (NamespaceObjects objects : input.namespaces().values()) {
      for (Gateway gateway : objects.all(Gateway.class)) {
        Waypoint waypoint = Waypoint.of(gateway, classes.get(gateway.className()), network);
        found.put(waypoint.toString(), waypoint);
        if (accounts) {
          running.put(waypoint.toString(), accounts(objects, waypoint.name()));
        }
      }
    }
    return found.isEmpty() ? NONE : new WaypointSet(found, running);
  }

  WaypointBinder.Binding bind(WaypointBinder.Kind kind, Metadata object, NamespaceObjects around) {
    return bind(kind, object, around, false);
  }

  /**
   * @param ofNamespaceOnly whether only its own namespace sees it
   */
  WaypointBinder.Binding bind(
      WaypointBinder.Kind kind, Metadata object, NamespaceObjects around, boolean ofNamespaceOnly) {
    Metadata namespace = around.namespace() == null ? null : around.namespace().metadata();
    WaypointBinder.NamespaceMarks marks =
        namespace == null
            ? new WaypointBinder.NamespaceMarks(Map.of(), Map.of())
            : new WaypointBinder.NamespaceMarks(namespace.labels(), namespace.annotations());
    return new WaypointBinder(this::find)
        .bind(new WaypointBinder.Target(kind, object, marks, ofNamespaceOnly));
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
