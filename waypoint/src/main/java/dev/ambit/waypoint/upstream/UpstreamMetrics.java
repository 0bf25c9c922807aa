package dev.ambit.waypoint.upstream;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Shows sums over all clusters at each scrape, under Envoy's names without the cluster. */
final class UpstreamMetrics {
  private final MeterRegistry registry;
  private final Supplier<Collection<ClusterState>> states;

  private UpstreamMetrics(MeterRegistry registry, Supplier<Collection<ClusterState>> states) {
    this.registry = registry;
    this.states = states;
  }

  static void show(
      MeterRegistry registry, UpstreamGroup group, Supplier<Collection<ClusterState>> states) {
    UpstreamMetrics metrics = new UpstreamMetrics(registry, states);
    FunctionCounter.builder(
            "envoy_cluster_outlier_detection_ejections_enforced", group, UpstreamGroup::ejections)
        .description("Endpoints left out for failing.")
        .register(registry);
    metrics.gauge(
        "envoy_cluster_outlier_detection_ejections_active",
        "Endpoints that are left out now.",
        state -> group.ejected(state));
    metrics.gauge(
        "envoy_cluster_upstream_cx_active",
        "Connections to endpoints.",
        state -> state.counts().connections.get());
    metrics.gauge(
        "envoy_cluster_upstream_rq_active",
        "Requests under way to endpoints.",
        state -> state.counts().active.get());
    metrics.gauge(
        "envoy_cluster_upstream_rq_pending_active",
        "Requests that wait for a connection.",
        state -> state.counts().pending.get());
    FunctionCounter.builder(
            "envoy_cluster_upstream_rq_pending_overflow", group, UpstreamGroup::overflows)
        .description("Requests, connections and retries that a limit forbade.")
        .register(registry);
  }

  private void gauge(String name, String help, ToLongFunction<ClusterState> value) {
    Gauge.builder(name, () -> states.get().stream().mapToLong(value).sum())
        .description(help)
        .register(registry);
  }
}
