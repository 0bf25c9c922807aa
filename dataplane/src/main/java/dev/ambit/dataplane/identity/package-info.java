/**
 * Certificates of the identities on this node: fetched once, renewed in time, forgotten with the
 * pod.
 */
@NullMarked
package dev.ambit.dataplane.identity;

import org.jspecify.annotations.NullMarked;
