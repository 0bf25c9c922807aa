/**
 * Delta xDS without the wire: what resources there are, and what each client has to be told next.
 * Entry: {@link dev.ambit.controller.xds.DeltaSession}.
 */
@NullMarked
package dev.ambit.controller.xds;

import org.jspecify.annotations.NullMarked;
