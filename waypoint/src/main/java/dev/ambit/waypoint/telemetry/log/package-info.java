/** Access logs: formats, and the files they are written to. */
@NullMarked
package dev.ambit.waypoint.telemetry.log;

import org.jspecify.annotations.NullMarked;
