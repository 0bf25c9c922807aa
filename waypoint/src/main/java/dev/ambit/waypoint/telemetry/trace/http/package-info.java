/** Spans sent by plain HTTP: OTLP as protobuf, Zipkin as JSON. */
@NullMarked
package dev.ambit.waypoint.telemetry.trace.http;

import org.jspecify.annotations.NullMarked;
