/** Spans: whose they are, which are sampled, and what they say. */
@NullMarked
package dev.ambit.waypoint.telemetry.trace;

import org.jspecify.annotations.NullMarked;
