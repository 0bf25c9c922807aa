package dev.ambit.model.route;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.GatewayAddress.ByAddress;
import dev.ambit.model.workload.GatewayAddress.ByHostname;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.WeightedWaypoint;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Finds the waypoint or gateway that a reference means (spec: workload-xds §7). */
final class GatewayLookup {
  private GatewayLookup() {}

  /**
   * One instance of a waypoint or gateway.
   *
   * @param service by which it was found, null when the reference names the workload
   * @param ip null when the instance has none, as those behind another gateway
   */
  record Instance(
      Workload workload, @Nullable Service service, @Nullable InetAddress ip, int port) {}

  /** An instance of what {@code reference} means; null when it is unknown or has none. */
  static @Nullable Instance instance(
      MeshView view,
      GatewayAddress reference,
      Workload client,
      InetAddress asked,
      RandomGenerator random) {
    int port = reference.hbonePort();
    return switch (reference.destination()) {
      case ByAddress(NetworkAddress address) -> {
        Workload workload = view.workloadAt(address).orElse(null);
        if (workload != null) {
          yield new Instance(workload, null, address.address(), port);
        }
        Service service = view.serviceAt(address, client.namespace()).orElse(null);
        yield service == null
            ? null
            : chosen(view, new EndpointChooser.Target(service, port), client, asked, random);
      }
      case ByHostname(ServiceKey key) -> {
        Service service = view.service(key).orElse(null);
        if (service != null) {
          yield chosen(view, new EndpointChooser.Target(service, port), client, asked, random);
        }
        Workload workload = view.workloadBehind(key).orElse(null);
        yield workload == null
            ? null
            : new Instance(workload, null, EndpointChooser.address(workload, null, asked), port);
      }
    };
  }

  private static @Nullable Instance chosen(
      MeshView view,
      EndpointChooser.Target target,
      Workload client,
      InetAddress asked,
      RandomGenerator random) {
    Service service = target.service();
    EndpointChooser.Choice choice =
        EndpointChooser.choose(
                view.endpoints(service.key()),
                target,
                client,
                EndpointChooser.Purpose.GATEWAY,
                random)
            .orElse(null);
    return choice == null
        ? null
        : new Instance(
            choice.workload(),
            service,
            EndpointChooser.address(choice.workload(), service, asked),
            choice.port());
  }

  /** Whether {@code workload}, at {@code ip}, is an instance of what {@code reference} means. */
  static boolean isInstance(
      MeshView view, GatewayAddress reference, Workload workload, InetAddress ip) {
    return switch (reference.destination()) {
      case ByAddress(NetworkAddress address) -> {
        Workload found = view.workloadAt(address).orElse(null);
        yield found == null
            ? serves(view.serviceAt(address, workload.namespace()).orElse(null), workload)
            : isSame(found, workload, ip);
      }
      case ByHostname(ServiceKey key) -> {
        Service service = view.service(key).orElse(null);
        Workload behind = view.workloadBehind(key).orElse(null);
        yield service == null
            ? behind != null && isSame(behind, workload, ip)
            : serves(service, workload);
      }
    };
  }

  private static boolean isSame(Workload gateway, Workload workload, InetAddress ip) {
    return gateway.addresses().contains(ip)
        && gateway.serviceAccount().equals(workload.serviceAccount())
        && gateway.namespace().equals(workload.namespace())
        && gateway.trustDomain().equals(workload.trustDomain());
  }

  private static boolean serves(@Nullable Service service, Workload workload) {
    return service != null && workload.services().containsKey(service.key());
  }

  /** Every waypoint that may stand for {@code service}. */
  static List<GatewayAddress> waypoints(Service service) {
    List<GatewayAddress> all = new ArrayList<>();
    GatewayAddress one = service.waypoint();
    if (one != null) {
      all.add(one);
    }
    service.weightedWaypoints().forEach(weighted -> all.add(weighted.destination()));
    return all;
  }

  /** The waypoint of {@code service} for one connection: a split is drawn by weight. */
  static @Nullable GatewayAddress waypoint(Service service, RandomGenerator random) {
    long total = 0;
    for (WeightedWaypoint weighted : service.weightedWaypoints()) {
      total += Math.max(0, weighted.weight());
    }
    if (total == 0) {
      return service.waypoint();
    }
    long draw = random.nextLong(total);
    for (WeightedWaypoint weighted : service.weightedWaypoints()) {
      draw -= Math.max(0, weighted.weight());
      if (draw < 0) {
        return weighted.destination();
      }
    }
    return service.waypoint();
  }
}
