package dev.ambit.model.waypoint;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.workload.WeightedWaypoint;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which waypoint an object is bound to (spec: waypoint-selection §2, enrolment §6). */
public final class WaypointBinder {
  private static final String USE = "istio.io/use-waypoint";
  private static final String CANARY = "istio.io/use-waypoint-canary";
  private static final String NAMESPACE = "-namespace";
  private static final String CANARY_WEIGHT = "istio.io/use-waypoint-canary-weight";
  private static final String MANAGED = "gateway.istio.io/managed";
  private static final String GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";
  private static final Set<String> GATEWAYS_OF_THE_MESH =
      Set.of("istio.io-mesh-controller", "istio.io-eastwest-controller", "ambit.dev-waypoint");

  private final Waypoints waypoints;

  /** The waypoints there are. */
  @FunctionalInterface
  public interface Waypoints {
    /** Null when there is none of that name; one that is not ready is one. */
    @Nullable Waypoint find(String namespace, String name);
  }

  public WaypointBinder(Waypoints waypoints) {
    this.waypoints = waypoints;
  }

  /** What is to be bound. */
  public enum Kind {
    SERVICE,
    SERVICE_ENTRY,
    WORKLOAD;

    boolean isWorkload() {
      return this == WORKLOAD;
    }
  }

  /**
   * One object.
   *
   * @param namespace that it is in: its labels and annotations
   * @param ofNamespaceOnly whether only its own namespace sees it
   */
  public record Target(
      Kind kind, Metadata object, NamespaceMarks namespace, boolean ofNamespaceOnly) {}

  /** Labels and annotations of a namespace. */
  public record NamespaceMarks(Map<String, String> labels, Map<String, String> annotations) {
    public NamespaceMarks {
      labels = Map.copyOf(labels);
      annotations = Map.copyOf(annotations);
    }
  }

  /** The outcome. */
  public sealed interface Binding {}

  /** It asks for none, or none is meant for it. */
  public record Unbound() implements Binding {}

  /** It asks for one it cannot have; its traffic goes directly to the endpoints. */
  public record Refused(Reason reason, String message) implements Binding {}

  /**
   * It is bound.
   *
   * @param shares of the waypoint and its canary; empty without a canary
   * @param message for the condition; says why a canary is not attached
   * @param canaryProblem null when the canary is attached or nobody asked for one
   */
  public record Bound(
      Waypoint waypoint,
      List<WeightedWaypoint> shares,
      String message,
      @Nullable Reason canaryProblem)
      implements Binding {
    public Bound {
      shares = List.copyOf(shares);
    }
  }

  /** Reasons of the condition {@code istio.io/WaypointBound}. */
  public enum Reason {
    WAYPOINT_ACCEPTED("WaypointAccepted"),
    WAYPOINT_IS_NOT_READY("WaypointIsNotReady"),
    ATTACHMENT_DENIED("AttachmentDenied"),
    UNSUPPORTED_TRAFFIC_TYPE("UnsupportedTrafficType"),
    CROSS_NAMESPACE_WAYPOINT_FORBIDDEN("CrossNamespaceWaypointForbidden"),
    CANARY_INVALID_WEIGHT("CanaryInvalidWeight"),
    CANARY_SAME_AS_PRIMARY("CanarySameAsPrimary");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    /** As the condition has it. */
    public String text() {
      return text;
    }
  }

  /** Where the labels are that were read. */
  private record Level(Map<String, String> labels, Map<String, String> annotations) {
    String name(String label) {
      return labels.getOrDefault(label, "");
    }

    String namespaceOf(String label, Metadata object) {
      return labels.getOrDefault(label + NAMESPACE, object.namespace());
    }
  }

  public Binding bind(Target target) {
    Metadata object = target.object();
    if (isPartOfAGateway(target)) {
      return new Unbound();
    }
    Level own = new Level(object.labels(), object.annotations());
    boolean direct = !own.name(USE).isEmpty();
    Level level =
        direct ? own : new Level(target.namespace().labels(), target.namespace().annotations());
    String name = level.name(USE);
    if (name.isEmpty() || name.equals("none")) {
      return new Unbound();
    }
    String namespace = level.namespaceOf(USE, object);
    Waypoint waypoint = waypoints.find(namespace, name);
    Refused refused = refusal(target, namespace, name, waypoint);
    if (refused != null) {
      boolean inheritedByWorkload =
          refused.reason() == Reason.UNSUPPORTED_TRAFFIC_TYPE
              && !direct
              && target.kind().isWorkload();
      return inheritedByWorkload ? new Unbound() : refused;
    }
    if (waypoint == null) {
      throw new IllegalStateException("waypoint: got none, expected one that is not refused");
    }
    String message = "Successfully attached to waypoint " + waypoint;
    String canary = level.name(CANARY);
    return canary.isEmpty() || target.kind().isWorkload()
        ? new Bound(waypoint, List.of(), message, null)
        : withCanary(target, level, waypoint, message);
  }

  private boolean isPartOfAGateway(Target target) {
    Metadata object = target.object();
    if (GATEWAYS_OF_THE_MESH.contains(object.labels().getOrDefault(MANAGED, ""))) {
      return true;
    }
    String gateway = object.labels().getOrDefault(GATEWAY_NAME, "");
    return target.kind().isWorkload()
        && !gateway.isEmpty()
        && waypoints.find(object.namespace(), gateway) != null;
  }

  private static @Nullable Refused refusal(
      Target target, String namespace, String name, @Nullable Waypoint waypoint) {
    String which = "waypoint " + namespace + "/" + name;
    if (waypoint == null || waypoint.address() == null) {
      return new Refused(
          Reason.WAYPOINT_IS_NOT_READY,
          which + " is not ready; traffic goes directly to the endpoints");
    }
    if (!waypoint.admits(target.object().namespace(), target.namespace().labels())) {
      return new Refused(
          Reason.ATTACHMENT_DENIED,
          which + " does not admit namespace " + target.object().namespace());
    }
    boolean serves =
        target.kind().isWorkload() ? waypoint.serves().workloads() : waypoint.serves().services();
    if (!serves) {
      return new Refused(
          Reason.UNSUPPORTED_TRAFFIC_TYPE,
          which
              + " is not for "
              + (target.kind().isWorkload() ? "workloads" : "services")
              + "; see its label istio.io/waypoint-for");
    }
    if (target.kind() == Kind.SERVICE_ENTRY
        && target.ofNamespaceOnly()
        && !waypoint.namespace().equals(target.object().namespace())) {
      return new Refused(
          Reason.CROSS_NAMESPACE_WAYPOINT_FORBIDDEN,
          which + " is in another namespace, which cannot see this service");
    }
    return null;
  }

  /** A canary that cannot be had changes nothing but the message. */
  private Bound withCanary(Target target, Level level, Waypoint primary, String message) {
    String name = level.name(CANARY);
    String namespace = level.namespaceOf(CANARY, target.object());
    Waypoint canary = waypoints.find(namespace, name);
    String weightText = level.annotations().getOrDefault(CANARY_WEIGHT, "0");
    int weight = weightText.matches("\\d{1,3}") ? Integer.parseInt(weightText) : -1;
    Refused refused = refusal(target, namespace, name, canary);
    Reason problem =
        weight < 0 || weight > 100
            ? Reason.CANARY_INVALID_WEIGHT
            : primary.equals(canary)
                ? Reason.CANARY_SAME_AS_PRIMARY
                : refused == null ? null : refused.reason();
    if (problem != null || canary == null) {
      String why =
          problem == Reason.CANARY_INVALID_WEIGHT
              ? CANARY_WEIGHT + ": got \"" + weightText + "\", expected 0 to 100"
              : refused == null ? "it is the waypoint itself" : refused.message();
      return new Bound(
          primary, List.of(), message + ". Canary waypoint not attached: " + why, problem);
    }
    return new Bound(
        primary,
        List.of(share(primary, 100 - weight), share(canary, weight)),
        message + ", " + weight + " percent to canary " + canary,
        null);
  }

  private static WeightedWaypoint share(Waypoint waypoint, int weight) {
    if (waypoint.address() == null) {
      throw new IllegalStateException("address of " + waypoint + ": got none, expected one");
    }
    return new WeightedWaypoint(waypoint.address(), weight);
  }
}
