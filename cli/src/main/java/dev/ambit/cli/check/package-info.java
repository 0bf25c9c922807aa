/**
 * {@code ambit check}: what is wrong with a mesh, and what to do about it. Entry: {@link
 * dev.ambit.cli.check.CheckCommand}.
 */
@NullMarked
package dev.ambit.cli.check;

import org.jspecify.annotations.NullMarked;
