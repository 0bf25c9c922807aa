/** The waypoint: its wiring and its program. */
@NullMarked
package dev.ambit.waypoint;

import org.jspecify.annotations.NullMarked;
