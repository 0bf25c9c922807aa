package dev.ambit.model.waypoint;

import dev.ambit.model.object.TargetReference;
import dev.ambit.model.workload.Service;
import java.util.ArrayList;
import java.util.List;

/**
 * What a policy with targetRefs is attached to (spec: l7-authorization §1, §8).
 *
 * @param namespace of the policy
 * @param root whose policies may be attached to a GatewayClass
 */
public record PolicyAttachment(List<TargetReference> targets, String namespace, String root) {
  private static final String GATEWAY_API = "gateway.networking.k8s.io";
  private static final String ISTIO = "networking.istio.io";

  public PolicyAttachment {
    targets = List.copyOf(targets);
  }

  /** A waypoint. */
  public record Place(String namespace, String name, String className) {}

  /** A service: {@code Service} or {@code ServiceEntry}. */
  public record Owner(String kind, String namespace, String name) {
    /** The object that {@code service} was made of: names of the cluster are Services'. */
    public static Owner of(Service service, String clusterDomain) {
      boolean ofCluster = service.hostname().endsWith(".svc." + clusterDomain);
      return new Owner(ofCluster ? "Service" : "ServiceEntry", service.namespace(), service.name());
    }
  }

  /** Whether everything that passes {@code waypoint} obeys it, direct traffic to pods too. */
  public boolean holdsAt(Place waypoint) {
    return targets.stream()
        .filter(this::isOfOwnNamespace)
        .filter(target -> target.group().equals(GATEWAY_API))
        .anyMatch(target ->
            switch (target.kind()) {
              case "Gateway" ->
                  namespace.equals(waypoint.namespace()) && target.name().equals(waypoint.name());
              case "GatewayClass" ->
                  namespace.equals(root) && target.name().equals(waypoint.className());
              default -> false;
            });
  }

  /** Whether requests to {@code service} at its waypoint obey it. */
  public boolean holdsFor(Owner service, Place waypoint) {
    return holdsAt(waypoint)
        || (namespace.equals(service.namespace())
            && targets.stream()
                .filter(this::isOfOwnNamespace)
                .anyMatch(target -> names(target, service)));
  }

  private boolean isOfOwnNamespace(TargetReference target) {
    return target.namespace().isEmpty() || target.namespace().equals(namespace);
  }

  private static boolean names(TargetReference target, Owner service) {
    String group = service.kind().equals("Service") ? "" : ISTIO;
    return target.group().equals(group)
        && target.kind().equals(service.kind())
        && target.name().equals(service.name());
  }

  /** What is known of targets, for {@link #status}. */
  @FunctionalInterface
  public interface Known {
    Found find(TargetReference target, String namespace);
  }

  /** Whether a target is there. */
  public enum Found {
    /** There is no such object. */
    ABSENT,
    /** It is there, but no waypoint serves it. */
    WITHOUT_WAYPOINT,
    /** A waypoint serves it, or is it. */
    SERVED
  }

  /** The condition {@code WaypointAccepted}. */
  public record Status(boolean accepted, String reason, String message) {}

  /** What the condition {@code WaypointAccepted} of the policy says. */
  public Status status(Known known) {
    List<String> messages = new ArrayList<>();
    String worst = "";
    int bound = 0;
    for (TargetReference target : targets) {
      String problem = problem(target, known);
      if (problem.isEmpty()) {
        bound++;
        messages.add("bound to " + namespace + "/" + target.name());
      } else {
        worst = worst.isEmpty() ? problem : worst;
        messages.add(problem + ": " + target + " in " + namespace);
      }
    }
    String message = String.join("; ", messages);
    if (worst.isEmpty()) {
      return new Status(true, "Accepted", message);
    }
    return new Status(false, bound > 0 ? "PartiallyInvalid" : worst, message);
  }

  private String problem(TargetReference target, Known known) {
    boolean supported =
        switch (target.group() + "/" + target.kind()) {
          case "/Service",
              ISTIO + "/ServiceEntry",
              GATEWAY_API + "/Gateway",
              GATEWAY_API + "/GatewayClass" ->
              true;
          default -> false;
        };
    boolean ofClass = target.kind().equals("GatewayClass");
    if (!supported || (ofClass && !namespace.equals(root))) {
      return "Invalid";
    }
    if (!isOfOwnNamespace(target)) {
      return "TargetNotFound";
    }
    return switch (known.find(target, namespace)) {
      case ABSENT -> "TargetNotFound";
      case WITHOUT_WAYPOINT -> "AncestorNotBound";
      case SERVED -> "";
    };
  }
}
