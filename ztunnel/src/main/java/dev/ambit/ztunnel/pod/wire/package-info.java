/** Packets of the CNI socket to messages and back. */
@NullMarked
package dev.ambit.ztunnel.pod.wire;

import org.jspecify.annotations.NullMarked;
