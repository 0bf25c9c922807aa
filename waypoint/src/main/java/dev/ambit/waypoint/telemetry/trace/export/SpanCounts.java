package dev.ambit.waypoint.telemetry.trace.export;

import dev.ambit.daemon.Metrics;
import io.micrometer.core.instrument.FunctionCounter;
import java.util.concurrent.atomic.LongAdder;

/** What became of spans, of all exporters of the process. Thread-safe. */
public final class SpanCounts {
  final LongAdder exported = new LongAdder();
  final LongAdder overflowed = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder unreachable = new LongAdder();

  public SpanCounts(Metrics metrics) {
    FunctionCounter.builder("ambit_spans_exported", exported, LongAdder::sum)
        .description("Spans that a collector took.")
        .register(metrics.registry());
    dropped(metrics, "queue_full", overflowed);
    dropped(metrics, "refused", refused);
    dropped(metrics, "unreachable", unreachable);
  }

  private static void dropped(Metrics metrics, String reason, LongAdder count) {
    FunctionCounter.builder("ambit_spans_dropped", count, LongAdder::sum)
        .tag("reason", reason)
        .description("Spans that were lost on their way to a collector.")
        .register(metrics.registry());
  }
}
