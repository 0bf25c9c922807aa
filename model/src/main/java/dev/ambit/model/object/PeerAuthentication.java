package dev.ambit.model.object;

import java.util.Map;

/**
 * A {@code security.istio.io PeerAuthentication}.
 *
 * @param selector labels of the pods it covers; empty covers the namespace
 * @param portModes by workload port
 */
public record PeerAuthentication(
    Metadata metadata, Map<String, String> selector, Mode mode, Map<Integer, Mode> portModes)
    implements ClusterObject {
  public PeerAuthentication {
    selector = Map.copyOf(selector);
    portModes = Map.copyOf(portModes);
  }

  @Override
  public PeerAuthentication withMetadata(Metadata other) {
    return new PeerAuthentication(other, selector, mode, portModes);
  }

  /** Whether plaintext is accepted. */
  public enum Mode {
    UNSET,
    DISABLE,
    PERMISSIVE,
    STRICT
  }
}
