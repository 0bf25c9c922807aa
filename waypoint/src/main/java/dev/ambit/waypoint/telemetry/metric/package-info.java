/** Istio's metrics of requests and connections. */
@NullMarked
package dev.ambit.waypoint.telemetry.metric;

import org.jspecify.annotations.NullMarked;
