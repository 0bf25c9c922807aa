package dev.ambit.model.workload;

/** One share of a waypoint split; weights are relative (spec: workload-xds §4). */
public record WeightedWaypoint(GatewayAddress destination, int weight) {}
