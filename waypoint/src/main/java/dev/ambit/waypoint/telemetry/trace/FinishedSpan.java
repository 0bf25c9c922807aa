package dev.ambit.waypoint.telemetry.trace;

import dev.ambit.waypoint.telemetry.Span;
import java.util.Map;

/**
 * A span that has ended.
 *
 * @param traceState as it came, "" for none
 * @param tags Strings by name, in order
 */
public record FinishedSpan(
    Span span,
    String name,
    String traceState,
    long durationNanos,
    boolean error,
    Map<String, String> tags) {}
