/** The wire type of what a waypoint is programmed with. */
@NullMarked
package dev.ambit.waypoint.config.wire;

import org.jspecify.annotations.NullMarked;
