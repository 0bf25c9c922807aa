package dev.ambit.controller.deploy;

import dev.ambit.controller.translate.Condition;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Listener;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.waypoint.WaypointClass;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is said of the classes of Gateways and of each of their listeners (spec: waypoint-selection
 * §1, §8). A listener is called {@code GATEWAY/LISTENER}, its kind is {@code Listener}. Pure.
 */
final class GatewayStatus {
  private static final String ACCEPTED = "Accepted";
  private static final String RESOLVED_REFS = "ResolvedRefs";

  private GatewayStatus() {}

  /** Those of our controllers; one that somebody else's names is theirs to speak of. */
  static List<Condition> classes(Collection<GatewayClass> objects, Collection<Gateway> gateways) {
    List<Condition> said = new ArrayList<>();
    Set<String> written = new HashSet<>();
    for (GatewayClass each : objects) {
      String name = each.metadata().name();
      written.add(name);
      boolean ours =
          WaypointClass.BUILT_IN.stream()
              .anyMatch(known -> known.controllerName().equals(each.controllerName()));
      if (ours) {
        said.add(
            each.parameters().isEmpty()
                ? ofClass(name, true, ACCEPTED, "Gateways of it are waypoints, deployed here")
                : ofClass(
                    name,
                    false,
                    "InvalidParameters",
                    "parametersRef: got " + each.parameters() + ", expected none"));
      }
    }
    Set<String> named = new TreeSet<>();
    gateways.forEach(each -> named.add(each.className()));
    for (WaypointClass each : WaypointClass.BUILT_IN) {
      if (named.contains(each.name()) && !written.contains(each.name())) {
        said.add(ofClass(each.name(), true, ACCEPTED, "built in; no GatewayClass is needed"));
      }
    }
    return said;
  }

  private static Condition ofClass(String name, boolean status, String reason, String message) {
    return new Condition("GatewayClass", "", name, ACCEPTED, status, reason, message);
  }

  /** Of all listeners only the first that can be served is; no route attaches to any. */
  static List<Condition> listeners(Gateway gateway) {
    List<Condition> said = new ArrayList<>();
    List<Listener> before = new ArrayList<>();
    for (Listener listener : gateway.listeners()) {
      String conflict = conflict(listener, before);
      before.add(listener);
      if (!Template.served(listener)) {
        said.add(
            of(
                gateway,
                listener,
                ACCEPTED,
                false,
                "UnsupportedProtocol",
                "got protocol "
                    + listener.protocol()
                    + " on port "
                    + listener.port()
                    + ", expected a single listener with protocol HBONE on port 15008"));
      } else if (conflict.isEmpty()) {
        said.add(of(gateway, listener, ACCEPTED, true, ACCEPTED, "it takes tunnels of the mesh"));
      } else {
        said.add(of(gateway, listener, ACCEPTED, false, conflict, "an earlier listener has it"));
      }
      if (!conflict.isEmpty()) {
        String message = "port " + listener.port() + " is also that of an earlier listener";
        said.add(of(gateway, listener, "Conflicted", true, conflict, message));
      }
      said.add(
          of(
              gateway,
              listener,
              "Programmed",
              true,
              "Programmed",
              "attached routes: 0, as routes attach to Services and ServiceEntries"));
      said.add(resolved(gateway, listener));
    }
    return said;
  }

  private static Condition resolved(Gateway gateway, Listener listener) {
    return listener.kinds().isEmpty()
        ? of(gateway, listener, RESOLVED_REFS, true, RESOLVED_REFS, "supported kinds: none")
        : of(
            gateway,
            listener,
            RESOLVED_REFS,
            false,
            "InvalidRouteKinds",
            "allowedRoutes.kinds: got "
                + String.join(", ", listener.kinds())
                + ", expected none: supported kinds: none");
  }

  /** The reason; "" without a conflict. */
  private static String conflict(Listener listener, List<Listener> before) {
    for (Listener each : before) {
      if (each.port() == listener.port()) {
        return each.protocol().equals(listener.protocol())
            ? "HostnameConflict"
            : "ProtocolConflict";
      }
    }
    return "";
  }

  private static Condition of(
      Gateway gateway,
      Listener listener,
      String type,
      boolean status,
      String reason,
      String message) {
    return new Condition(
        "Listener",
        gateway.metadata().namespace(),
        gateway.metadata().name() + "/" + listener.name(),
        type,
        status,
        reason,
        message);
  }
}
