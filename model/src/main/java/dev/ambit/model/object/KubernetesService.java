package dev.ambit.model.object;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * A {@code v1 Service}.
 *
 * @param clusterIps virtual IPs; empty for a headless service
 * @param selector labels of its pods; empty selects none
 * @param ipFamilies {@code IPv4}, {@code IPv6} as listed; empty when not said
 * @param trafficDistribution "" when not said
 */
public record KubernetesService(
    Metadata metadata,
    Type type,
    List<InetAddress> clusterIps,
    Map<String, String> selector,
    List<Port> ports,
    List<String> ipFamilies,
    boolean localTrafficOnly,
    String trafficDistribution,
    boolean publishNotReadyAddresses)
    implements ClusterObject {
  public KubernetesService {
    clusterIps = List.copyOf(clusterIps);
    selector = Map.copyOf(selector);
    ports = List.copyOf(ports);
    ipFamilies = List.copyOf(ipFamilies);
  }

  @Override
  public KubernetesService withMetadata(Metadata other) {
    return new KubernetesService(
        other,
        type,
        clusterIps,
        selector,
        ports,
        ipFamilies,
        localTrafficOnly,
        trafficDistribution,
        publishNotReadyAddresses);
  }

  /** What the service is; node ports and load balancers are reached inside as cluster IPs. */
  public enum Type {
    CLUSTER_IP,
    EXTERNAL_NAME
  }

  /**
   * One port.
   *
   * @param targetPort number of the container port; 0 when {@code targetName} names it
   * @param targetName name of the container port, "" when numbered
   * @param appProtocol as said, "" when not
   */
  public record Port(
      String name,
      String protocol,
      int port,
      int targetPort,
      String targetName,
      String appProtocol) {}
}
