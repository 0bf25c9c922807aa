/** Calls of the waypoint's own to services of the mesh. */
@NullMarked
package dev.ambit.waypoint.auth.call;

import org.jspecify.annotations.NullMarked;
