package dev.ambit.model.object;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * A {@code v1 Pod}.
 *
 * @param containerPorts named container ports
 * @param owner name of the controlling workload, the pod's own name without one
 */
public record Pod(
    Metadata metadata,
    String node,
    String serviceAccount,
    boolean hostNetwork,
    Phase phase,
    boolean ready,
    boolean terminating,
    List<InetAddress> addresses,
    Map<String, Integer> containerPorts,
    String owner) {
  public Pod {
    addresses = List.copyOf(addresses);
    containerPorts = Map.copyOf(containerPorts);
  }

  /** The pod's phase. */
  public enum Phase {
    PENDING,
    RUNNING,
    SUCCEEDED,
    FAILED;

    /** Whether the pod is over. */
    public boolean terminal() {
      return this == SUCCEEDED || this == FAILED;
    }
  }
}
