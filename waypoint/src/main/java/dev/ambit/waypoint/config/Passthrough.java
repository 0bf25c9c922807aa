package dev.ambit.waypoint.config;

import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * Services behind which nobody is chosen: requests go on to the address that was dialled, which may
 * be any of a block (spec: waypoint-selection §11). Pure.
 */
final class Passthrough {
  private Passthrough() {}

  static boolean isOf(Service service) {
    return service.loadBalancing().mode() == LoadBalancing.Mode.PASSTHROUGH;
  }

  /** {@code called} at {@code address}; unchanged unless its service is of this kind. */
  static Destination to(Destination called, InetAddress address) {
    Service service = called.service();
    if (service == null || !isOf(service)) {
      return called;
    }
    String ip = IpAddresses.print(address);
    Workload there =
        Workload.named("dialled/" + service.key() + "/" + ip)
            .name(ip)
            .namespace(service.namespace())
            .addresses(List.of(address))
            .services(Map.of(service.key(), Map.of(called.port(), called.port())))
            .build();
    return new Destination(
        service,
        there,
        called.port(),
        called.protocol(),
        called.routes(),
        called.streams(),
        called.http(),
        called.tcp(),
        called.jwt(),
        called.telemetry(),
        called.limits());
  }

  /** Whoever was dialled; nobody when a route of another service leads here. */
  static List<Workload> members(Service service, Destination asked) {
    Service called = asked.service();
    Workload there = asked.workload();
    return called != null && there != null && called.key().equals(service.key())
        ? List.of(there)
        : List.of();
  }

  /** Tells clusters of one service apart by where they lead. */
  static String uid(List<Workload> members) {
    return members.isEmpty() ? "" : members.getFirst().uid();
  }
}
