/** The messages of Envoy's external authorization protocol. */
@NullMarked
package dev.ambit.waypoint.auth.wire;

import org.jspecify.annotations.NullMarked;
