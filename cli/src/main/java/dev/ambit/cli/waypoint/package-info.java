/**
 * {@code ambit waypoint}: makes, lists and removes waypoints by their Gateways in the folder of
 * manifests, and looks inside running ones. Entry: {@link dev.ambit.cli.waypoint.WaypointCommands}.
 */
@NullMarked
package dev.ambit.cli.waypoint;

import org.jspecify.annotations.NullMarked;
