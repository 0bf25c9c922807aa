/**
 * Event loops and the sockets on them, in the network namespace they are meant for. Entry: {@link
 * dev.ambit.dataplane.net.Transport}. Knows nothing of tunnels or of the mesh.
 */
@NullMarked
package dev.ambit.dataplane.net;

import org.jspecify.annotations.NullMarked;
