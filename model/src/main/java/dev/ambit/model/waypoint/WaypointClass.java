package dev.ambit.model.waypoint;

import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.Metadata;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The classes of Gateways that are deployed and programmed here (spec: waypoint-selection §1). They
 * need no GatewayClass object: a Gateway that names one works without.
 *
 * @param controllerName of its GatewayClass
 */
public record WaypointClass(String name, String controllerName) {
  /** Marks everything that was made for a Gateway. */
  public static final String MANAGED = "gateway.istio.io/managed";

  /** Names the Gateway that something was made for. */
  public static final String GATEWAY = "gateway.networking.k8s.io/gateway-name";

  /** Those built in. */
  public static final List<WaypointClass> BUILT_IN =
      List.of(
          new WaypointClass("ambit-waypoint", "ambit.dev/waypoint"),
          new WaypointClass("istio-waypoint", "istio.io/mesh-controller"));

  /** Value of {@link #MANAGED}. */
  public String managed() {
    return controllerName.replace('/', '-');
  }

  /** That of {@code gateway}, by its GatewayClass or built in; empty when it is somebody else's. */
  public static Optional<WaypointClass> of(Gateway gateway, Collection<GatewayClass> classes) {
    String name = gateway.className();
    Optional<GatewayClass> object =
        classes.stream().filter(each -> each.metadata().name().equals(name)).findFirst();
    if (object.isEmpty()) {
      return BUILT_IN.stream().filter(each -> each.name().equals(name)).findFirst();
    }
    String controller = object.get().controllerName();
    return BUILT_IN.stream()
        .filter(each -> each.controllerName().equals(controller))
        .map(each -> new WaypointClass(name, controller))
        .findFirst();
  }

  /** Whether {@code object} is part of a waypoint that is deployed here. */
  public static boolean marks(Metadata object) {
    String managed = object.labels().getOrDefault(MANAGED, "");
    return object.labels().containsKey(GATEWAY)
        && BUILT_IN.stream().anyMatch(each -> each.managed().equals(managed));
  }
}
