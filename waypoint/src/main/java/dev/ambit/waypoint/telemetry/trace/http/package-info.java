/** Spans posted over HTTP. */
@NullMarked
package dev.ambit.waypoint.telemetry.trace.http;

import org.jspecify.annotations.NullMarked;
