/** What clients connect to: tunnels and the protocols inside them. */
@NullMarked
package dev.ambit.waypoint.server;

import org.jspecify.annotations.NullMarked;
