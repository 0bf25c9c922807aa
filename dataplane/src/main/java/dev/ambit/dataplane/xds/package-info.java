/**
 * The state of the mesh as the control plane sends it: one delta stream, one writer, one published
 * view. Control code on virtual threads; knows no wire type.
 */
@NullMarked
package dev.ambit.dataplane.xds;

import org.jspecify.annotations.NullMarked;
