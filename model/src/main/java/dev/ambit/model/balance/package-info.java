/** Picking endpoints by turn or by load (spec: traffic-policy §3). One picker per event loop. */
@NullMarked
package dev.ambit.model.balance;

import org.jspecify.annotations.NullMarked;
