package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.config.Cluster;

/**
 * One endpoint as it takes part in balancing.
 *
 * @param priority 0 is most wanted
 * @param usable neither unhealthy nor ejected
 */
record Member(
    Cluster.Endpoint endpoint, EndpointState state, int priority, double weight, boolean usable) {}
