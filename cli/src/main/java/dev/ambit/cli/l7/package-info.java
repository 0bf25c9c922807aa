/**
 * What a waypoint does with requests, decided by the code it runs itself. Entry: {@link
 * dev.ambit.cli.l7.AtWaypoint}. Pure but for what it asks.
 */
@NullMarked
package dev.ambit.cli.l7;

import org.jspecify.annotations.NullMarked;
