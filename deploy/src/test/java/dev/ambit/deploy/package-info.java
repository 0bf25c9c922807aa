/** Tests of the images. */
@NullMarked
package dev.ambit.deploy;

import org.jspecify.annotations.NullMarked;
