/** Consistent hashing: the same value finds the same endpoint, in every process. Pure. */
@NullMarked
package dev.ambit.model.hash;

import org.jspecify.annotations.NullMarked;
