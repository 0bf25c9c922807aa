/**
 * Where a connection goes. Entry: {@link dev.ambit.model.route.Router}. Pure; the caller does what
 * the answer says.
 */
@NullMarked
package dev.ambit.model.route;

import org.jspecify.annotations.NullMarked;
