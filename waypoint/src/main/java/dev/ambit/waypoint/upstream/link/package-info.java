/** Channels to endpoints: through tunnels or not, with TLS or not (spec: waypoint-selection §5). */
@NullMarked
package dev.ambit.waypoint.upstream.link;

import org.jspecify.annotations.NullMarked;
