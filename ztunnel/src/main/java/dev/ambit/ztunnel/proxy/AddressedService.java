package dev.ambit.ztunnel.proxy;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which of a pod's services an inbound connection was meant for (spec: hbone §4.2). A guess for
 * telemetry, never for policy.
 */
final class AddressedService {
  private AddressedService() {}

  /**
   * The service with the host the client named; without one, the first by name whose target port is
   * {@code port}.
   */
  static @Nullable Service of(MeshView view, Workload local, String host, int port) {
    Service best = null;
    for (Map.Entry<ServiceKey, Map<Integer, Integer>> member : local.services().entrySet()) {
      Service service = view.service(member.getKey()).orElse(null);
      if (service != null && matches(service, member.getValue(), host, port)) {
        best = best == null || isBefore(service, best) ? service : best;
      }
    }
    return best;
  }

  private static boolean matches(
      Service service, Map<Integer, Integer> ofEndpoint, String host, int port) {
    return host.isEmpty() ? targets(service, ofEndpoint, port) : service.hostname().equals(host);
  }

  private static boolean isBefore(Service one, Service other) {
    return one.key().toString().compareTo(other.key().toString()) < 0;
  }

  private static boolean targets(Service service, Map<Integer, Integer> ofEndpoint, int port) {
    for (ServicePort offered : service.ports().values()) {
      int own = ofEndpoint.getOrDefault(offered.port(), 0);
      if ((own == 0 ? offered.targetPort() : own) == port) {
        return true;
      }
    }
    return false;
  }
}
