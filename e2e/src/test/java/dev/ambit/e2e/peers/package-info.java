/**
 * Strangers on the wire: Envoy, openssl, curl and h2spec against our tunnels (ring {@code peers}).
 */
@NullMarked
package dev.ambit.e2e.peers;

import org.jspecify.annotations.NullMarked;
