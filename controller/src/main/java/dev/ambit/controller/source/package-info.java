/**
 * Where the cluster's objects come from: a folder of manifests and the facts of the node agents
 * become one immutable {@link dev.ambit.controller.source.ClusterInput}.
 */
@NullMarked
package dev.ambit.controller.source;

import org.jspecify.annotations.NullMarked;
