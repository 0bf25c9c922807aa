package dev.ambit.waypoint.telemetry;

/**
 * One span of a trace; ids as lower-case hex.
 *
 * @param parentId "" for a root
 */
public record Span(
    String traceId, String spanId, String parentId, boolean sampled, long startUnixNanos) {}
