/**
 * The pods of this node: what the manifests want of them ({@link dev.ambit.cni.pods.FolderPods}),
 * and one loop each that makes it so ({@link dev.ambit.cni.pods.PodLoops}). Virtual threads.
 */
@NullMarked
package dev.ambit.cni.pods;

import org.jspecify.annotations.NullMarked;
