/**
 * A mesh on one machine: nodes and pods as network namespaces, and the programs that run in them.
 */
@NullMarked
package dev.ambit.cli.up.mesh;

import org.jspecify.annotations.NullMarked;
