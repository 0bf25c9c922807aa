package dev.ambit.model.object;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@code networking.istio.io ServiceEntry}: a service that is not one of the cluster's (spec:
 * control-plane §2, waypoint-selection §11).
 *
 * @param hosts names, each a service of its own; one may begin with {@code *.}
 * @param addresses virtual IPs or blocks of them, as written
 * @param assigned addresses in its status, by host
 * @param endpoints empty when {@code selector} picks them, or the hosts are resolved themselves
 * @param selector labels of workload entries and pods; empty selects none
 * @param exportTo namespaces that see it; empty for all
 * @param subjectAltNames identities its endpoints may show
 */
public record ServiceEntry(
    Metadata metadata,
    List<String> hosts,
    List<String> addresses,
    Map<String, List<String>> assigned,
    List<Port> ports,
    boolean external,
    Resolution resolution,
    List<Endpoint> endpoints,
    Map<String, String> selector,
    List<String> exportTo,
    List<String> subjectAltNames)
    implements ClusterObject {
  public ServiceEntry {
    hosts = List.copyOf(hosts);
    addresses = List.copyOf(addresses);
    assigned = Map.copyOf(assigned);
    ports = List.copyOf(ports);
    endpoints = List.copyOf(endpoints);
    selector = Map.copyOf(selector);
    exportTo = List.copyOf(exportTo);
    subjectAltNames = List.copyOf(subjectAltNames);
  }

  @Override
  public ServiceEntry withMetadata(Metadata other) {
    return new ServiceEntry(
        other,
        hosts,
        addresses,
        assigned,
        ports,
        external,
        resolution,
        endpoints,
        selector,
        exportTo,
        subjectAltNames);
  }

  /** Whether only its own namespace sees it. */
  public boolean ownNamespaceOnly() {
    return !exportTo.isEmpty()
        && exportTo.stream()
            .allMatch(each -> each.equals(".") || each.equals(metadata.namespace()));
  }

  /** Whether nobody sees it. */
  public boolean nobody() {
    return exportTo.equals(List.of("~"));
  }

  /** How endpoints are found. */
  public enum Resolution {
    /** Wherever the client was going. */
    NONE,
    /** As they are listed or selected. */
    STATIC,
    /** Their names are looked up. */
    DNS,
    /** The same, one address for each connection. */
    DNS_ROUND_ROBIN,
    /** The name that each request asks for is looked up. */
    DYNAMIC_DNS
  }

  /**
   * One port.
   *
   * @param protocol as written: HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP, TLS; "" when not
   * @param targetPort 0 for the same
   */
  public record Port(String name, int number, String protocol, int targetPort) {}

  /**
   * One endpoint, or the whole of a workload entry.
   *
   * @param address an IP or a name; "" when only the network is known
   * @param ports by name of the port
   * @param locality {@code region/zone/subzone}, "" when not said
   * @param weight null when not said
   */
  public record Endpoint(
      String address,
      Map<String, Integer> ports,
      Map<String, String> labels,
      String network,
      String locality,
      @Nullable Integer weight,
      String serviceAccount) {
    public Endpoint {
      ports = Map.copyOf(ports);
      labels = Map.copyOf(labels);
    }
  }
}
