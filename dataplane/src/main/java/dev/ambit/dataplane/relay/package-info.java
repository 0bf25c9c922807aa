/**
 * Moves bytes between the two sides of a connection. Entry: {@link
 * dev.ambit.dataplane.relay.Relay}. Confined to the event loop that owns both sides; knows nothing
 * of the mesh.
 */
@NullMarked
package dev.ambit.dataplane.relay;

import org.jspecify.annotations.NullMarked;
