/** The life of one request: decided, sent on, retried, answered. */
@NullMarked
package dev.ambit.waypoint.exchange;

import org.jspecify.annotations.NullMarked;
