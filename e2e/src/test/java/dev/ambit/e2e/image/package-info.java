/** The built container images, in containers. */
@NullMarked
package dev.ambit.e2e.image;

import org.jspecify.annotations.NullMarked;
