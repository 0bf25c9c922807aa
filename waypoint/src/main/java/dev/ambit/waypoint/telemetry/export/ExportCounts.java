package dev.ambit.waypoint.telemetry.export;

import dev.ambit.daemon.Metrics;
import io.micrometer.core.instrument.FunctionCounter;
import java.util.concurrent.atomic.LongAdder;

/** What became of spans, or of lines, of all exporters of the process. Thread-safe. */
public final class ExportCounts {
  final LongAdder exported = new LongAdder();
  final LongAdder overflowed = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder unreachable = new LongAdder();

  /**
   * @param what is exported, as it stands in names of metrics: {@code spans}
   */
  public ExportCounts(Metrics metrics, String what) {
    FunctionCounter.builder("ambit_" + what + "_exported", exported, LongAdder::sum)
        .description("What a collector took.")
        .register(metrics.registry());
    dropped(metrics, what, "queue_full", overflowed);
    dropped(metrics, what, "refused", refused);
    dropped(metrics, what, "unreachable", unreachable);
  }

  private static void dropped(Metrics metrics, String what, String reason, LongAdder count) {
    FunctionCounter.builder("ambit_" + what + "_dropped", count, LongAdder::sum)
        .tag("reason", reason)
        .description("What was lost on its way to a collector.")
        .register(metrics.registry());
  }
}
