/** Spans in the protocol of OpenTelemetry. */
@NullMarked
package dev.ambit.waypoint.telemetry.trace.wire;

import org.jspecify.annotations.NullMarked;
