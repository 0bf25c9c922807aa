/**
 * {@code ambit namespace} and {@code ambit pod}: the label that says who is in the mesh, in the
 * manifests, and what the node agents make of it. Entry: {@link dev.ambit.cli.enrol.EnrolCommands}.
 */
@NullMarked
package dev.ambit.cli.enrol;

import org.jspecify.annotations.NullMarked;
