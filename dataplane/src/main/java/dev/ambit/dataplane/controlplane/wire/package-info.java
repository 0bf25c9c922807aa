/**
 * gRPC channels to the control plane. Entry: {@code ControlPlaneChannel}. Blocking control code.
 */
@NullMarked
package dev.ambit.dataplane.controlplane.wire;

import org.jspecify.annotations.NullMarked;
