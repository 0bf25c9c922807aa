/** The node daemon: its settings, its wiring, its program. Entry: {@code Ztunnel}. */
@NullMarked
package dev.ambit.ztunnel;

import org.jspecify.annotations.NullMarked;
