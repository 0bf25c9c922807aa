/** TLS with SPIFFE identities: certificates, contexts, verification of peers. */
@NullMarked
package dev.ambit.dataplane.tls;

import org.jspecify.annotations.NullMarked;
