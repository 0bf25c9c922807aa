package dev.ambit.waypoint.config;

import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One service port and subset as an upstream. Equal clusters of two snapshots share their state
 * (connections, ejections, counts), which goes by {@link #key}.
 *
 * @param endpoints those of the subset, healthy or not, in a stable order
 * @param trafficDistribution of the service, "" for none
 */
public record Cluster(
    Key key,
    Protocol protocol,
    List<Endpoint> endpoints,
    Effective policy,
    String trafficDistribution) {
  public Cluster {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * @param service null when a workload was called by its address
   * @param uid that workload, or the one behind a service where nobody is chosen; else ""
   */
  public record Key(@Nullable ServiceKey service, String uid, int port, String subset) {
    /** As Envoy would name it: {@code inbound-vip|80|http|host}. */
    public String name() {
      String who = service == null ? uid : service.hostname();
      String how = subset.isEmpty() ? "http" : "http/" + subset;
      return "inbound-vip|" + port + "|" + how + "|" + who;
    }
  }

  /** What its endpoints speak. */
  public enum Protocol {
    HTTP_1,
    HTTP_2,
    /** The version the client speaks. */
    AS_CLIENT,
    TCP
  }

  /**
   * One workload behind it.
   *
   * @param port it listens on for this service port
   * @param labels of its pod, as far as they matter to the policy; else empty
   */
  public record Endpoint(Workload workload, int port, boolean healthy, Map<String, String> labels) {
    public Endpoint {
      labels = Map.copyOf(labels);
    }

    /** One whose labels do not matter. */
    public Endpoint(Workload workload, int port, boolean healthy) {
      this(workload, port, healthy, Map.of());
    }
  }
}
