/** Spans on their way to those who collect them. */
@NullMarked
package dev.ambit.waypoint.telemetry.trace.export;

import org.jspecify.annotations.NullMarked;
