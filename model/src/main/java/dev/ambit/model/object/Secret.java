package dev.ambit.model.object;

import java.util.Map;
import java.util.TreeSet;

/**
 * A {@code v1 Secret} with what TLS needs. Its text never shows what is in it.
 *
 * @param data decoded, by key
 */
public record Secret(Metadata metadata, Map<String, String> data) implements ClusterObject {
  /** What is added to a credential's name for a secret that has the authority alone. */
  public static final String AUTHORITY = "-cacert";

  public Secret {
    data = Map.copyOf(data);
  }

  @Override
  public Secret withMetadata(Metadata other) {
    return new Secret(other, data);
  }

  @Override
  public String toString() {
    return "Secret[" + metadata + ", keys " + new TreeSet<>(data.keySet()) + "]";
  }
}
