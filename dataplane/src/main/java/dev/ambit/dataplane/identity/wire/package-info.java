/** The gRPC call of Istio's CA. */
@NullMarked
package dev.ambit.dataplane.identity.wire;

import org.jspecify.annotations.NullMarked;
