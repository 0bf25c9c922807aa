/** HTTP connections to one endpoint on one event loop (spec: traffic-policy §4). */
@NullMarked
package dev.ambit.waypoint.upstream.pool;

import org.jspecify.annotations.NullMarked;
