/**
 * The immutable view of the mesh that every decision reads. Entry: {@link
 * dev.ambit.model.mesh.MeshView}. Pure.
 */
@NullMarked
package dev.ambit.model.mesh;

import org.jspecify.annotations.NullMarked;
