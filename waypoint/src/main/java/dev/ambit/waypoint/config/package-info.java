/** What the waypoint is programmed with: user objects compiled into destinations and clusters. */
@NullMarked
package dev.ambit.waypoint.config;

import org.jspecify.annotations.NullMarked;
