/**
 * Delta xDS on the wire: records to protobuf, and the gRPC service of the streams. Entry: {@link
 * dev.ambit.controller.xds.wire.DiscoveryService}.
 */
@NullMarked
package dev.ambit.controller.xds.wire;

import org.jspecify.annotations.NullMarked;
