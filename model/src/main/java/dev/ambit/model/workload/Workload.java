package dev.ambit.model.workload;

import dev.ambit.model.identity.SpiffeId;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One workload: a pod, a workload entry, an endpoint without a pod (spec: workload-xds §4).
 *
 * @param uid the global key, opaque but for {@code //Pod/}
 * @param addresses IPs on {@code network}; empty for workloads behind a name or a gateway
 * @param hostname resolved by DNS when there is no address; "" otherwise
 * @param services per service the port map of this endpoint: service port to target port
 * @param policies keys of the selector policies that apply
 * @param capacity weight as an endpoint; 0 draws no traffic
 */
public record Workload(
    String uid,
    String name,
    String namespace,
    String serviceAccount,
    String trustDomain,
    String network,
    List<InetAddress> addresses,
    String hostname,
    Tunnel tunnel,
    boolean nativeTunnel,
    NetworkMode networkMode,
    Status status,
    String node,
    String clusterId,
    Locality locality,
    String workloadName,
    Type type,
    String canonicalName,
    String canonicalRevision,
    @Nullable GatewayAddress waypoint,
    @Nullable GatewayAddress networkGateway,
    @Nullable ApplicationTunnel applicationTunnel,
    Map<ServiceKey, Map<Integer, Integer>> services,
    List<String> policies,
    int capacity) {

  public Workload {
    addresses = List.copyOf(addresses);
    services = Map.copyOf(services);
    policies = List.copyOf(policies);
  }

  /** What a peer speaks to this workload. */
  public enum Tunnel {
    NONE,
    HBONE
  }

  /** HOST_NETWORK workloads share their IP with the node and are not found by it. */
  public enum NetworkMode {
    STANDARD,
    HOST_NETWORK
  }

  /** Whether the workload wants traffic. */
  public enum Status {
    HEALTHY,
    UNHEALTHY
  }

  /** The kind of the owner, for telemetry. */
  public enum Type {
    DEPLOYMENT,
    CRONJOB,
    POD,
    JOB
  }

  /** The identity the workload must show. */
  public SpiffeId identity() {
    return new SpiffeId(trustDomain, namespace, serviceAccount);
  }

  /** Starts a workload with every field at its wire default. */
  public static WorkloadBuilder named(String uid) {
    return new WorkloadBuilder(uid);
  }
}
