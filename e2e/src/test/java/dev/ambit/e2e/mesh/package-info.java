/**
 * A whole mesh for tests: nodes and pods as network namespaces, and the daemons of Ambit in this
 * process. Entry: {@link dev.ambit.e2e.mesh.MeshFixture}.
 */
@NullMarked
package dev.ambit.e2e.mesh;

import org.jspecify.annotations.NullMarked;
