/** The recorder: metrics, access logs and spans of everything that passes. */
@NullMarked
package dev.ambit.waypoint.telemetry.recording;

import org.jspecify.annotations.NullMarked;
