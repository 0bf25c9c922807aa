/** The messages of the CNI socket as bytes; the only place of the agent that knows protobuf. */
@NullMarked
package dev.ambit.cni.zds.wire;

import org.jspecify.annotations.NullMarked;
