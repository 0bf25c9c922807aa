/** Spans and log lines in the protocol of OpenTelemetry. */
@NullMarked
package dev.ambit.waypoint.telemetry.wire;

import org.jspecify.annotations.NullMarked;
