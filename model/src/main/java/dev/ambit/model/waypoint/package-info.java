/** Which waypoint serves what, and what is attached to it (spec: waypoint-selection). Pure. */
@NullMarked
package dev.ambit.model.waypoint;

import org.jspecify.annotations.NullMarked;
