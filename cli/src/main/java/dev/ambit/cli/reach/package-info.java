/**
 * How the command line finds the programs of a mesh and what they say. Entry: {@link
 * dev.ambit.cli.reach.MeshOptions}. Blocks; one thread.
 */
@NullMarked
package dev.ambit.cli.reach;

import org.jspecify.annotations.NullMarked;
