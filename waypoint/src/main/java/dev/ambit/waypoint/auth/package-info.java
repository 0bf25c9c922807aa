/** Who may call: keys of token issuers and external authorization. */
@NullMarked
package dev.ambit.waypoint.auth;

import org.jspecify.annotations.NullMarked;
