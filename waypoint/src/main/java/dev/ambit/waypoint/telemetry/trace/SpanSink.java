package dev.ambit.waypoint.telemetry.trace;

/** Takes spans that have ended. Any thread; never blocks, drops what is too much. */
@FunctionalInterface
public interface SpanSink {
  void offer(FinishedSpan span);
}
