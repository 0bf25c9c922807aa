/** What is told of each request: metrics, access logs, spans. */
@NullMarked
package dev.ambit.waypoint.telemetry;

import org.jspecify.annotations.NullMarked;
