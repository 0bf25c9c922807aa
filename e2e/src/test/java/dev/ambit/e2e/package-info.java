/** Architecture laws and scenarios that run several programs of Ambit together. */
@NullMarked
package dev.ambit.e2e;

import org.jspecify.annotations.NullMarked;
