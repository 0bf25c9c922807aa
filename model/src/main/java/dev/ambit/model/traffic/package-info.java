/** How a waypoint treats the endpoints of a service (spec: traffic-policy). Pure. */
@NullMarked
package dev.ambit.model.traffic;

import org.jspecify.annotations.NullMarked;
