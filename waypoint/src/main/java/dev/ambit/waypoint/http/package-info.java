/** One HTTP exchange as seen from one side, whatever the version on the wire. */
@NullMarked
package dev.ambit.waypoint.http;

import org.jspecify.annotations.NullMarked;
