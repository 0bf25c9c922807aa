package dev.ambit.waypoint.config;

import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Services of wildcard hosts of which each request says the name that is looked up (spec:
 * waypoint-selection §11). Pure.
 */
final class Dynamic {
  private static final int LONGEST = 253;

  private Dynamic() {}

  /**
   * Whom {@code authority} means; empty when its host is none of {@code service}.
   *
   * @param port of the service
   */
  static Optional<Workload> called(Service service, String authority, int port) {
    int colon = authority.lastIndexOf(':');
    String host = (colon < 0 ? authority : authority.substring(0, colon)).toLowerCase(Locale.ROOT);
    String end = service.hostname().substring(1);
    if (!host.endsWith(end) || host.length() == end.length() || host.length() > LONGEST) {
      return Optional.empty();
    }
    return Optional.of(
        Workload.named("asked/" + service.key() + "/" + host)
            .name(host)
            .namespace(service.namespace())
            .hostname(host)
            .services(Map.of(service.key(), Map.of(port, target(service, port))))
            .build());
  }

  private static int target(Service service, int port) {
    return Optional.ofNullable(service.ports().get(port))
        .map(each -> each.targetPort() == 0 ? port : each.targetPort())
        .orElse(port);
  }
}
