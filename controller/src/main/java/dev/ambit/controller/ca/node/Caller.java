package dev.ambit.controller.ca.node;

/**
 * Who calls: a node, proven by its credentials.
 *
 * @param address where from, for the log
 */
public record Caller(String node, Proof proof, String address) {
  /** What proved it. */
  public enum Proof {
    NODE_CERTIFICATE,
    JOIN_TOKEN
  }
}
