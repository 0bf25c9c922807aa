/** Spans and log lines on their way to those who collect them. */
@NullMarked
package dev.ambit.waypoint.telemetry.export;

import org.jspecify.annotations.NullMarked;
