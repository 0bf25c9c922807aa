/** Tokens of requests: their form, their signatures, and the keys of those who issue them. */
@NullMarked
package dev.ambit.waypoint.auth.token;

import org.jspecify.annotations.NullMarked;
