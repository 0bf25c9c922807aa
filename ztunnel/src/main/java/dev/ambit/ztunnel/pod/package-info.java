/** The pods of this node: learnt over the CNI socket, each with a running proxy. */
@NullMarked
package dev.ambit.ztunnel.pod;

import org.jspecify.annotations.NullMarked;
