/**
 * How the control plane is reached: address, trust anchors, credentials, patience. The channel
 * itself is in {@code wire}.
 */
@NullMarked
package dev.ambit.dataplane.controlplane;

import org.jspecify.annotations.NullMarked;
