/** Who a workload is. Entry: {@link dev.ambit.model.identity.SpiffeId}. Pure. */
@NullMarked
package dev.ambit.model.identity;

import org.jspecify.annotations.NullMarked;
