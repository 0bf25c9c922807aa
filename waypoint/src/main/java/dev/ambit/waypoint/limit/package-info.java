/** Local rate limits. */
@NullMarked
package dev.ambit.waypoint.limit;

import org.jspecify.annotations.NullMarked;
