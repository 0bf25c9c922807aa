package dev.ambit.dataplane.xds;

import dev.ambit.daemon.LoopCells;
import dev.ambit.daemon.Metrics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The metrics of a stream (spec: ztunnel-observability §1.2). Confined to the stream's thread. */
final class StreamCounters {
  /** The server names the types; beyond so many it talks nonsense, which is counted together. */
  private static final int MOST_VALUES = 16;

  private final Family terminations;
  private final Family messages;
  private final Family bytes;

  StreamCounters(Metrics metrics) {
    this.terminations =
        new Family(
            metrics,
            "istio_xds_connection_terminations",
            "The total number of completed connections to xds server (unstable).",
            "reason");
    this.messages =
        new Family(
            metrics, "istio_xds_message", "Total number of messages received (unstable).", "url");
    this.bytes =
        new Family(
            metrics,
            "istio_xds_message_bytes",
            "Total number of bytes received (unstable).",
            "url");
  }

  void terminated(String reason) {
    terminations.add(reason, 1);
  }

  void received(DeltaResponse response) {
    messages.add(response.typeUrl(), 1);
    bytes.add(response.typeUrl(), response.bytes());
  }

  private static final class Family {
    private final LoopCells cells;
    private final String label;
    private final Map<String, LoopCells.Cell> byValue = new HashMap<>();

    Family(Metrics metrics, String name, String help, String label) {
      this.cells = metrics.counters(name, help, List.of(label));
      this.label = label;
    }

    void add(String value, long amount) {
      String kept = byValue.size() < MOST_VALUES || byValue.containsKey(value) ? value : "unknown";
      byValue.computeIfAbsent(kept, missing -> cells.cell(Map.of(label, missing))).add(amount);
    }
  }
}
