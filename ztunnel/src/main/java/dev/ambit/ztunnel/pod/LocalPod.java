package dev.ambit.ztunnel.pod;

import dev.ambit.daemon.kernel.Netns;

/** A pod of this node as the CNI socket names it (spec: cni-socket §3). Owns {@code network}. */
public record LocalPod(
    String uid, String namespace, String name, String serviceAccount, Netns network) {}
