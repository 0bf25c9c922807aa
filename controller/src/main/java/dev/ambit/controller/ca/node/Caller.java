package dev.ambit.controller.ca.node;

import org.jspecify.annotations.Nullable;

/**
 * Who calls: a node, or one pod on it, proven by its credentials.
 *
 * @param node that which it is, or which its pod is on
 * @param address where from, for the log
 * @param pod the pod; null for the node itself, which speaks for all its pods
 */
public record Caller(String node, Proof proof, String address, @Nullable PodName pod) {
  /** A node. */
  public Caller(String node, Proof proof, String address) {
    this(node, proof, address, null);
  }

  /** Its name for limits: a pod must not use up what its node may ask for. */
  public String account() {
    return pod == null ? node : "pod " + pod.fullName();
  }

  /** What proved it. */
  public enum Proof {
    NODE_CERTIFICATE,
    JOIN_TOKEN,
    POD_TOKEN
  }
}
