package dev.ambit.model;

import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.WeightedWaypoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Collects what is unusual about a service. */
public final class ServiceUnderTest {
  private final ServiceKey key;
  private final List<NetworkAddress> addresses = new ArrayList<>();
  private final List<Service.NetworkBlock> blocks = new ArrayList<>();
  private final List<WeightedWaypoint> weighted = new ArrayList<>();
  private Map<Integer, ServicePort> ports = Mesh.ports(80, 8080);
  private List<String> names = List.of();
  private GatewayAddress waypoint;
  private LoadBalancing balancing = LoadBalancing.DEFAULT;
  private Service.IpFamilies families = Service.IpFamilies.AUTOMATIC;
  private boolean canonical = true;
  private Service.Visibility visibility = Service.Visibility.PUBLIC;

  private ServiceUnderTest(ServiceKey key) {
    this.key = key;
  }

  public static ServiceUnderTest service(ServiceKey key, String... virtualIps) {
    ServiceUnderTest service = new ServiceUnderTest(key);
    for (String ip : virtualIps) {
      service.addresses.add(Mesh.on("", ip));
    }
    return service;
  }

  public ServiceUnderTest block(String cidr) {
    blocks.add(new Service.NetworkBlock("", Cidr.parse(cidr).orElseThrow()));
    return this;
  }

  public ServiceUnderTest ports(int... pairs) {
    ports = Mesh.ports(pairs);
    return this;
  }

  public ServiceUnderTest names(String... subjectAltNames) {
    names = List.of(subjectAltNames);
    return this;
  }

  public ServiceUnderTest waypoint(GatewayAddress reference) {
    waypoint = reference;
    return this;
  }

  public ServiceUnderTest weighted(GatewayAddress reference, int weight) {
    weighted.add(new WeightedWaypoint(reference, weight));
    return this;
  }

  public ServiceUnderTest mode(LoadBalancing.Mode mode, LoadBalancing.Scope... scopes) {
    balancing = new LoadBalancing(List.of(scopes), mode, balancing.health());
    return this;
  }

  public ServiceUnderTest allowAll() {
    balancing =
        new LoadBalancing(
            balancing.preference(), balancing.mode(), LoadBalancing.HealthPolicy.ALLOW_ALL);
    return this;
  }

  public ServiceUnderTest families(Service.IpFamilies only) {
    families = only;
    return this;
  }

  public ServiceUnderTest notCanonical() {
    canonical = false;
    return this;
  }

  public ServiceUnderTest ofNamespaceOnly() {
    visibility = Service.Visibility.NAMESPACE;
    return this;
  }

  public Service build() {
    return new Service(
        key.hostname(),
        key,
        addresses,
        blocks,
        ports,
        names,
        waypoint,
        weighted,
        balancing,
        families,
        canonical,
        false,
        visibility);
  }
}
