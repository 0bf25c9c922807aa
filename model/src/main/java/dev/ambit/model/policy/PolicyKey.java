package dev.ambit.model.policy;

import java.util.Optional;

/** The name of a policy on the wire: {@code namespace/name}. */
public record PolicyKey(String namespace, String name) {
  /** Reads {@code namespace/name}; empty without a slash. */
  public static Optional<PolicyKey> parse(String key) {
    int slash = key.indexOf('/');
    return slash < 0
        ? Optional.empty()
        : Optional.of(new PolicyKey(key.substring(0, slash), key.substring(slash + 1)));
  }

  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
