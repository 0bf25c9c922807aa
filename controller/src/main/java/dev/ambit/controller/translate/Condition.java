package dev.ambit.controller.translate;

import dev.ambit.model.object.ClusterObject;
import java.util.Comparator;

/**
 * What the controller has to say about an object, as a Kubernetes status condition (spec:
 * control-plane §7).
 *
 * @param accepted the condition's status; false is what an operator should look at
 */
public record Condition(
    String kind,
    String namespace,
    String name,
    String type,
    boolean accepted,
    String reason,
    String message)
    implements Comparable<Condition> {

  static final String ZTUNNEL_ACCEPTED = "ZtunnelAccepted";
  static final String WAYPOINT_BOUND = "istio.io/WaypointBound";
  static final String UNSUPPORTED_VALUE = "UnsupportedValue";

  private static final Comparator<Condition> ORDER =
      Comparator.comparing(Condition::kind)
          .thenComparing(Condition::namespace)
          .thenComparing(Condition::name)
          .thenComparing(Condition::type)
          .thenComparing(Condition::message);

  /** Whether {@code object} is bound to the waypoint it asks for. */
  static Condition ofWaypoint(
      ClusterObject object, boolean accepted, String reason, String message) {
    return of(object, WAYPOINT_BOUND, accepted, reason, message);
  }

  static Condition of(
      ClusterObject object, String type, boolean accepted, String reason, String message) {
    return new Condition(
        object.kind(),
        object.metadata().namespace(),
        object.metadata().name(),
        type,
        accepted,
        reason,
        message);
  }

  @Override
  public int compareTo(Condition other) {
    return ORDER.compare(this, other);
  }
}
