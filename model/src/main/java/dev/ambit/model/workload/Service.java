package dev.ambit.model.workload;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One service (spec: workload-xds §4). Its endpoints are the workloads that name it.
 *
 * @param addresses exact virtual IPs; empty for a headless service
 * @param blocks virtual address blocks, with their network
 * @param ports by service port
 * @param subjectAltNames identities its endpoints may show beside their own
 */
public record Service(
    String name,
    ServiceKey key,
    List<NetworkAddress> addresses,
    List<NetworkBlock> blocks,
    Map<Integer, ServicePort> ports,
    List<String> subjectAltNames,
    @Nullable GatewayAddress waypoint,
    List<WeightedWaypoint> weightedWaypoints,
    LoadBalancing loadBalancing,
    IpFamilies ipFamilies,
    boolean canonical,
    boolean ingressUseWaypoint,
    Visibility visibility) {

  public Service {
    addresses = List.copyOf(addresses);
    blocks = List.copyOf(blocks);
    ports = Map.copyOf(ports);
    subjectAltNames = List.copyOf(subjectAltNames);
    weightedWaypoints = List.copyOf(weightedWaypoints);
  }

  /** A virtual address block on a network. */
  public record NetworkBlock(String network, Cidr block) {
    @Override
    public String toString() {
      return network + "/" + block;
    }
  }

  /** Which families of endpoint addresses may be used. */
  public enum IpFamilies {
    AUTOMATIC,
    IPV4_ONLY,
    IPV6_ONLY,
    DUAL
  }

  /** Who may see the service. */
  public enum Visibility {
    PUBLIC,
    NAMESPACE
  }

  public String namespace() {
    return key.namespace();
  }

  public String hostname() {
    return key.hostname();
  }

  /** A service of the usual kind: canonical, public, with exact addresses. */
  public static Service of(
      String name,
      ServiceKey key,
      List<NetworkAddress> addresses,
      Map<Integer, ServicePort> ports) {
    return new Service(
        name,
        key,
        addresses,
        List.of(),
        ports,
        List.of(),
        null,
        List.of(),
        LoadBalancing.DEFAULT,
        IpFamilies.AUTOMATIC,
        true,
        false,
        Visibility.PUBLIC);
  }
}
