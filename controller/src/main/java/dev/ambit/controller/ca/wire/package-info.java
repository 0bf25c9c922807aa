/** The certificate authority on the wire: the gRPC service of the one call. */
@NullMarked
package dev.ambit.controller.ca.wire;

import org.jspecify.annotations.NullMarked;
