/** Whether a connection may be. Entry: {@link dev.ambit.model.policy.Authorizer}. Pure. */
@NullMarked
package dev.ambit.model.policy;

import org.jspecify.annotations.NullMarked;
