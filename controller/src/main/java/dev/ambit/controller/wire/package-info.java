/** The gRPC server that offers the authority and the discovery streams over TLS. */
@NullMarked
package dev.ambit.controller.wire;

import org.jspecify.annotations.NullMarked;
