package dev.ambit.model.workload;

import java.util.Optional;

/** How a service is named on the wire: {@code namespace/hostname}. */
public record ServiceKey(String namespace, String hostname) {
  /** Reads {@code namespace/hostname}; empty without a slash. */
  public static Optional<ServiceKey> parse(String key) {
    int slash = key.indexOf('/');
    return slash < 0
        ? Optional.empty()
        : Optional.of(new ServiceKey(key.substring(0, slash), key.substring(slash + 1)));
  }

  @Override
  public String toString() {
    return namespace + "/" + hostname;
  }
}
