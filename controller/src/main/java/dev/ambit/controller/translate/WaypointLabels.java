package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Metadata;
import java.util.Map;
import java.util.Optional;

/**
 * Which waypoint an object asks for by label (spec: enrolment §6). Only asking is decided here; a
 * waypoint that is not ready binds nothing.
 *
 * @param direct whether the object itself carries the label, not its namespace
 */
record WaypointLabels(String gatewayNamespace, String gateway, boolean direct) {
  private static final String USE = "istio.io/use-waypoint";
  private static final String USE_NAMESPACE = "istio.io/use-waypoint-namespace";
  private static final String NONE = "none";

  /** What {@code object} asks for; empty when it asks for nothing or opts out. */
  static Optional<WaypointLabels> of(Metadata object, NamespaceObjects around) {
    Map<String, String> labels = object.labels();
    String own = labels.getOrDefault(USE, "");
    if (!own.isEmpty()) {
      return own.equals(NONE)
          ? Optional.empty()
          : Optional.of(
              new WaypointLabels(
                  labels.getOrDefault(USE_NAMESPACE, object.namespace()), own, true));
    }
    String inherited = around.label(USE);
    if (inherited.isEmpty() || inherited.equals(NONE)) {
      return Optional.empty();
    }
    String stated = around.label(USE_NAMESPACE);
    return Optional.of(
        new WaypointLabels(stated.isEmpty() ? object.namespace() : stated, inherited, false));
  }

  /** Why {@code object} is not bound to what it asks for. */
  Condition notReady(ClusterObject object) {
    return new Condition(
        object.kind(),
        object.metadata().namespace(),
        object.metadata().name(),
        Condition.WAYPOINT_BOUND,
        false,
        "WaypointIsNotReady",
        "waypoint "
            + gatewayNamespace
            + "/"
            + gateway
            + " is not ready; traffic goes directly to the endpoints");
  }
}
