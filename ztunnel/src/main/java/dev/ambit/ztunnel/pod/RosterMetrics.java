package dev.ambit.ztunnel.pod;

import dev.ambit.daemon.LoopCells;
import dev.ambit.daemon.Metrics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many pods there are (spec: ztunnel-observability §1.2). Guarded by the roster's lock. */
final class RosterMetrics {
  private final LoopCells.Cell active;
  private final LoopCells.Cell pending;
  private final LoopCells.Cell started;
  private final LoopCells.Cell stopped;
  private final LoopCells pendingPods;
  private final Map<String, LoopCells.Cell> pendingByUid = new HashMap<>();

  RosterMetrics(Metrics metrics) {
    this.active =
        metrics
            .gauges(
                "workload_manager_active_proxy_count",
                "The total number current workloads with active proxies (unstable).",
                List.of())
            .cell(Map.of());
    this.pending =
        metrics
            .gauges(
                "workload_manager_pending_proxy_count",
                "The total number current workloads with pending proxies (unstable).",
                List.of())
            .cell(Map.of());
    this.started =
        metrics
            .counters(
                "workload_manager_proxies_started",
                "The total number of proxies that were started (unstable).",
                List.of())
            .cell(Map.of());
    this.stopped =
        metrics
            .counters(
                "workload_manager_proxies_stopped",
                "The total number of proxies that were stopped (unstable).",
                List.of())
            .cell(Map.of());
    this.pendingPods =
        metrics.gauges(
            "ambit_pod_pending",
            "Pods whose proxy could not be started yet.",
            List.of("namespace", "pod"));
  }

  void started() {
    started.increment();
    active.add(1);
  }

  void stopped() {
    stopped.increment();
    active.add(-1);
  }

  void pending(LocalPod pod) {
    pending.add(1);
    LoopCells.Cell cell = pendingPods.cell(Map.of("namespace", pod.namespace(), "pod", pod.name()));
    cell.add(1);
    pendingByUid.put(pod.uid(), cell);
  }

  void noLongerPending(LocalPod pod) {
    pending.add(-1);
    LoopCells.Cell cell = pendingByUid.remove(pod.uid());
    if (cell != null) {
      cell.add(-1);
      cell.release();
    }
  }
}
