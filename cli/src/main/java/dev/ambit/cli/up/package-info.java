/**
 * {@code ambit up}: a mesh on this machine, in namespaces that end with it; {@code ambit exec}: a
 * program inside one of its pods.
 */
@NullMarked
package dev.ambit.cli.up;

import org.jspecify.annotations.NullMarked;
