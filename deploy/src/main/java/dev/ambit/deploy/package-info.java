/** Container images, built from the distribution without an engine and without a registry. */
@NullMarked
package dev.ambit.deploy;

import org.jspecify.annotations.NullMarked;
