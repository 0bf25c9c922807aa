package dev.ambit.cli.up.mesh;

import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointClass;
import java.util.Map;

/**
 * Whether a pod is meant to be captured (spec: enrolment §3). Programs of such a pod start only
 * when it is, so that their first packet is protected already.
 */
final class CaptureIntent {
  private static final String LABEL = "istio.io/dataplane-mode";

  private CaptureIntent() {}

  static boolean of(Pod pod, Map<String, Namespace> namespaces) {
    if (WaypointClass.marks(pod.metadata())) {
      return false;
    }
    if (pod.hostNetwork() || pod.metadata().annotations().containsKey("sidecar.istio.io/status")) {
      return false;
    }
    String own = pod.metadata().labels().getOrDefault(LABEL, "");
    Namespace namespace = namespaces.get(pod.metadata().namespace());
    boolean byNamespace =
        namespace != null && "ambient".equals(namespace.metadata().labels().get(LABEL));
    return own.equals("ambient") || (byNamespace && !own.equals("none"));
  }
}
