package dev.ambit.waypoint.telemetry.log;

import java.util.Map;

/**
 * A line of an access log for a collector.
 *
 * @param body text of the line; "" when all is in {@code attributes}
 * @param traceId "" when it is part of none
 */
public record LogEntry(
    long unixNanos, String body, Map<String, String> attributes, String traceId, String spanId) {}
