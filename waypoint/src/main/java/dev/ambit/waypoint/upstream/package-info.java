/** Endpoints: which one takes a request, and the connections to them. */
@NullMarked
package dev.ambit.waypoint.upstream;

import org.jspecify.annotations.NullMarked;
