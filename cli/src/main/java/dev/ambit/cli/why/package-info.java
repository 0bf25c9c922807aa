/**
 * {@code ambit why}: the route and the verdict of a connection nobody has to open, decided by the
 * code that the data path runs. Entry: {@link dev.ambit.cli.why.WhyCommand}.
 */
@NullMarked
package dev.ambit.cli.why;

import org.jspecify.annotations.NullMarked;
