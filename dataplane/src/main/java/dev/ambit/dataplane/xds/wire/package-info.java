/** Delta xDS over gRPC, and its resources decoded into records of the model. */
@NullMarked
package dev.ambit.dataplane.xds.wire;

import org.jspecify.annotations.NullMarked;
