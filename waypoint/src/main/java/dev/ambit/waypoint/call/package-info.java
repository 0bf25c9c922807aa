/** Calls of the waypoint's own: to providers, issuers and collectors, in the mesh and outside. */
@NullMarked
package dev.ambit.waypoint.call;

import org.jspecify.annotations.NullMarked;
