package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.metric.SeriesKey.ServiceNames;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who is who, looked up once and kept, for the requests of one event loop. Confined to it. What is
 * kept is forgotten all at once when it becomes too much.
 */
final class LoopView {
  private static final int MOST = 10_000;

  private record Known(Workload workload, Side side) {}

  private record Named(Service service, ServiceNames names) {}

  private final String network;
  private final Map<String, Known> sides = new HashMap<>();
  private final Map<ServiceKey, Named> services = new HashMap<>();
  private final Map<EffectiveTelemetry, TagPlan> plans = new HashMap<>();
  private final IdentityHashMap<EffectiveTelemetry, TagPlan> plansSeen = new IdentityHashMap<>();

  LoopView(String network) {
    this.network = network;
  }

  /**
   * The client: the workload at the address it is said to have, if the identity it proved is that
   * workload's; else what the identity says.
   */
  Side source(MeshView mesh, Caller caller) {
    Workload workload = sourceWorkload(mesh, caller);
    return workload == null ? Side.of(caller.peer()) : side(workload);
  }

  /** The client's workload; null when nobody there has the identity that was proved. */
  @Nullable Workload sourceWorkload(MeshView mesh, Caller caller) {
    var address = caller.source().getAddress();
    if (address == null) {
      return null;
    }
    Workload workload =
        mesh.workloadAt(new NetworkAddress(network, IpAddresses.plain(address))).orElse(null);
    return workload != null
            && workload.namespace().equals(caller.peer().namespace())
            && workload.serviceAccount().equals(caller.peer().serviceAccount())
        ? workload
        : null;
  }

  Side destination(Cluster.@Nullable Endpoint endpoint) {
    return endpoint == null ? Side.NOBODY : side(endpoint.workload());
  }

  private Side side(Workload workload) {
    Known known = sides.get(workload.uid());
    if (known == null || known.workload != workload) {
      if (sides.size() >= MOST) {
        sides.clear();
      }
      known = new Known(workload, Side.of(workload));
      sides.put(workload.uid(), known);
    }
    return known.side;
  }

  /** The service that was routed to, else the one that was asked for. */
  ServiceNames service(MeshView mesh, Caller caller, Cluster.@Nullable Key cluster) {
    Service asked = caller.destination().service();
    ServiceKey key = cluster != null ? cluster.service() : asked == null ? null : asked.key();
    if (key == null) {
      return ServiceNames.NONE;
    }
    Service service =
        asked != null && asked.key().equals(key) ? asked : mesh.service(key).orElse(null);
    if (service == null) {
      return new ServiceNames(key.hostname(), Side.UNKNOWN, Side.known(key.namespace()));
    }
    Named named = services.get(key);
    if (named == null || named.service != service) {
      if (services.size() >= MOST) {
        services.clear();
      }
      named =
          new Named(
              service,
              new ServiceNames(
                  service.hostname(), Side.known(service.name()), Side.known(service.namespace())));
      services.put(key, named);
    }
    return named.names;
  }

  /** The same plan for rules that say the same. */
  TagPlan plan(EffectiveTelemetry rules) {
    if (rules.metrics().isEmpty()) {
      return TagPlan.USUAL;
    }
    TagPlan plan = plansSeen.get(rules);
    if (plan == null) {
      if (plansSeen.size() >= MOST || plans.size() >= MOST) {
        plansSeen.clear();
        plans.clear();
      }
      EffectiveTelemetry metricsOnly =
          new EffectiveTelemetry(
              rules.metrics(),
              EffectiveTelemetry.DEFAULT.logs(),
              EffectiveTelemetry.DEFAULT.tracing());
      plan = plans.computeIfAbsent(metricsOnly, TagPlan::new);
      plansSeen.put(rules, plan);
    }
    return plan;
  }
}
