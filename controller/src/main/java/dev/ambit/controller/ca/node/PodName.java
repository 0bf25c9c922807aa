package dev.ambit.controller.ca.node;

/** A pod and the service account it runs as. */
public record PodName(String namespace, String serviceAccount, String name) {
  /** The pod as {@code namespace/name}. */
  public String fullName() {
    return namespace + "/" + name;
  }

  @Override
  public String toString() {
    return namespace + "/" + serviceAccount + "/" + name;
  }
}
