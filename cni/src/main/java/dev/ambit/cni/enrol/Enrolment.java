package dev.ambit.cni.enrol;

import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointClass;
import java.util.Map;
import java.util.Set;

/**
 * Whether a pod should be captured: the intent that labels state (spec: enrolment §3). The fact is
 * another matter, see {@code EnrolmentFacts}. Pure; the first decisive question wins.
 *
 * @param excludedNamespaces namespaces the agent leaves alone
 * @param systemNamespace where ztunnel's own pods live
 */
public record Enrolment(Set<String> excludedNamespaces, String systemNamespace) {
  /** Label of pods and namespaces that states the intent; values are case-sensitive. */
  public static final String MODE = "istio.io/dataplane-mode";

  static final String SIDECAR = "sidecar.istio.io/status";

  public Enrolment {
    excludedNamespaces = Set.copyOf(excludedNamespaces);
  }

  /** An answer and, as a sentence for operators, its reason. */
  public record Verdict(boolean captured, String reason) {
    private static Verdict in(String reason) {
      return new Verdict(true, reason);
    }

    private static Verdict out(String reason) {
      return new Verdict(false, reason);
    }
  }

  /** Decides for {@code pod} in a namespace with {@code namespaceLabels}. */
  public Verdict decide(Pod pod, Map<String, String> namespaceLabels) {
    Map<String, String> labels = pod.metadata().labels();
    String namespace = pod.metadata().namespace();
    if (pod.hostNetwork()) {
      return Verdict.out("the pod uses the network of its node (hostNetwork: true)");
    }
    if (pod.metadata().annotations().containsKey(SIDECAR)) {
      return Verdict.out("the pod has a sidecar (annotation " + SIDECAR + ")");
    }
    if (namespace.equals(systemNamespace) && "ztunnel".equals(labels.get("app"))) {
      return Verdict.out("the pod is ztunnel itself");
    }
    if (WaypointClass.marks(pod.metadata())) {
      return Verdict.out("the pod is a waypoint: it ends tunnels by itself");
    }
    if (excludedNamespaces.contains(namespace)) {
      return Verdict.out("namespace " + namespace + " is excluded (EXCLUDE_NAMESPACES)");
    }
    if (pod.phase().terminal()) {
      return Verdict.out("the pod is over (phase " + pod.phase() + ")");
    }
    return byLabels(labels, namespaceLabels);
  }

  private static Verdict byLabels(Map<String, String> pod, Map<String, String> namespace) {
    String own = pod.get(MODE);
    if ("ambient".equals(own)) {
      return Verdict.in("the pod is labelled " + MODE + "=ambient");
    }
    if ("none".equals(own)) {
      return Verdict.out("the pod is labelled " + MODE + "=none");
    }
    String inherited = namespace.get(MODE);
    if ("ambient".equals(inherited)) {
      return Verdict.in("its namespace is labelled " + MODE + "=ambient");
    }
    return Verdict.out(
        inherited == null
            ? "neither the pod nor its namespace is labelled " + MODE + "=ambient"
            : "its namespace is labelled " + MODE + "=" + inherited + ", not ambient");
  }
}
