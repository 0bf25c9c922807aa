package dev.ambit.model.object;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * A {@code v1 Pod}.
 *
 * @param containerPorts named container ports
 * @param containers what runs in it, in order
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
    String owner,
    List<Container> containers)
    implements ClusterObject {
  public Pod {
    addresses = List.copyOf(addresses);
    containerPorts = Map.copyOf(containerPorts);
    containers = List.copyOf(containers);
  }

  @Override
  public Pod withMetadata(Metadata other) {
    return new Pod(
        other,
        node,
        serviceAccount,
        hostNetwork,
        phase,
        ready,
        terminating,
        addresses,
        containerPorts,
        owner,
        containers);
  }

  /** One container: the command line that runs, and its environment. */
  public record Container(String name, List<String> command, Map<String, String> environment) {
    public Container {
      command = List.copyOf(command);
      environment = Map.copyOf(environment);
    }
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
