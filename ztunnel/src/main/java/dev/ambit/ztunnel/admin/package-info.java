/**
 * What the daemon shows of itself: the dump in the shape of the real ztunnel's, the dashboard, the
 * tunnels. Entry: {@code AdminPages}. Reads published snapshots only; any thread.
 */
@NullMarked
package dev.ambit.ztunnel.admin;

import org.jspecify.annotations.NullMarked;
