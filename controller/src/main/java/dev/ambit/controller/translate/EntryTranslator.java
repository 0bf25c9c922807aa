package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.object.ServiceEntry.Resolution;
import dev.ambit.model.object.WorkloadEntry;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** ServiceEntries and WorkloadEntries to services and workloads (spec: control-plane §2). */
final class EntryTranslator {
  private static final String GROUP = "/networking.istio.io/";
  private static final String MISSING = "istio.io/WaypointMissing";

  private final MeshSettings mesh;

  EntryTranslator(MeshSettings mesh) {
    this.mesh = mesh;
  }

  static ServiceKey key(EntryPlan.Planned planned) {
    return new ServiceKey(planned.entry().metadata().namespace(), planned.host());
  }

  /** The mesh's view of one host; empty when only a waypoint could serve it and there is none. */
  Optional<Service> service(
      EntryPlan.Planned planned,
      NamespaceObjects around,
      ServiceTranslator.Wide wide,
      Consumer<Condition> conditions) {
    ServiceEntry entry = planned.entry();
    WaypointBinder.Binding binding =
        wide.waypoints()
            .bind(
                WaypointBinder.Kind.SERVICE_ENTRY,
                entry.metadata(),
                around,
                entry.ownNamespaceOnly());
    ServiceTranslator.condition(entry, binding).ifPresent(conditions);
    WaypointBinder.Bound bound = binding instanceof WaypointBinder.Bound found ? found : null;
    if (bound == null && planned.host().startsWith("*.")) {
      conditions.accept(
          Condition.of(
              entry,
              MISSING,
              true,
              "NoWaypointForWildcardService",
              "hosts: " + planned.host() + " can be served by a waypoint only, and it has none"));
      if (entry.resolution() == Resolution.DYNAMIC_DNS) {
        return Optional.empty();
      }
    }
    List<NetworkAddress> addresses = new ArrayList<>();
    List<Service.NetworkBlock> blocks = new ArrayList<>();
    for (String each : entry.addresses()) {
      Cidr block = Cidr.parse(each).orElseThrow();
      if (block.isSingle()) {
        addresses.add(new NetworkAddress(wide.network(), block.address()));
      } else {
        blocks.add(new Service.NetworkBlock(wide.network(), masked(block)));
      }
    }
    planned.allocated().forEach(each -> addresses.add(new NetworkAddress(wide.network(), each)));
    return Optional.of(
        new Service(
            entry.metadata().name(),
            key(planned),
            addresses,
            blocks,
            ports(entry),
            entry.subjectAltNames(),
            bound == null ? null : bound.waypoint().address(),
            bound == null ? List.of() : bound.shares(),
            balancing(entry.resolution()),
            Service.IpFamilies.AUTOMATIC,
            planned.canonical(),
            false,
            entry.ownNamespaceOnly() ? Service.Visibility.NAMESPACE : Service.Visibility.PUBLIC));
  }

  private static Cidr masked(Cidr block) {
    byte[] bytes = block.address().getAddress();
    for (int bit = block.prefixLength(); bit < bytes.length * 8; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
    }
    return new Cidr(IpAddresses.of(bytes), block.prefixLength());
  }

  private static LoadBalancing balancing(Resolution resolution) {
    return switch (resolution) {
      case NONE ->
          new LoadBalancing(
              List.of(), LoadBalancing.Mode.PASSTHROUGH, LoadBalancing.HealthPolicy.ALLOW_ALL);
      case STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS -> LoadBalancing.DEFAULT;
    };
  }

  private static Map<Integer, ServicePort> ports(ServiceEntry entry) {
    Map<Integer, ServicePort> ports = new HashMap<>();
    for (ServiceEntry.Port port : entry.ports()) {
      if (!port.protocol().equals("UDP")) {
        ports.put(
            port.number(), new ServicePort(port.number(), target(port), AppProtocols.of(port)));
      }
    }
    return ports;
  }

  private static int target(ServiceEntry.Port port) {
    return port.targetPort() == 0 ? port.number() : port.targetPort();
  }

  /** Where a pod serves the ports of {@code entry}: by the ports' names, else as the entry says. */
  static Map<Integer, Integer> endpointPorts(ServiceEntry entry, Pod pod) {
    return endpointPorts(entry, pod.containerPorts());
  }

  private static Map<Integer, Integer> endpointPorts(
      ServiceEntry entry, Map<String, Integer> named) {
    Map<Integer, Integer> targets = new HashMap<>();
    for (ServiceEntry.Port port : entry.ports()) {
      if (!port.protocol().equals("UDP")) {
        targets.put(port.number(), named.getOrDefault(port.name(), target(port)));
      }
    }
    return targets;
  }

  /** The workloads of a namespace that are no pods, by uid. */
  Map<String, Workload> workloads(
      List<EntryPlan.Planned> planned,
      WorkloadTranslator.Surroundings around,
      Consumer<Condition> conditions) {
    Map<String, Workload> found = new LinkedHashMap<>();
    for (EntryPlan.Planned each : planned) {
      ServiceEntry entry = each.entry();
      List<ServiceEntry.Endpoint> endpoints = entry.endpoints();
      boolean named =
          switch (entry.resolution()) {
            case DNS, DNS_ROUND_ROBIN -> true;
            case NONE, STATIC, DYNAMIC_DNS -> false;
          };
      if (named && endpoints.isEmpty() && entry.selector().isEmpty()) {
        endpoints =
            List.of(new ServiceEntry.Endpoint(each.host(), Map.of(), Map.of(), "", "", null, ""));
      } else if (entry.resolution() == Resolution.NONE) {
        endpoints = List.of();
      }
      for (ServiceEntry.Endpoint endpoint : endpoints) {
        String uid = uid("ServiceEntry", entry.metadata()) + "/" + endpoint.address();
        Metadata as = relabelled(entry.metadata(), endpoint.labels());
        Workload known = found.get(uid);
        Map<ServiceKey, Map<Integer, Integer>> services =
            new HashMap<>(known == null ? Map.of() : known.services());
        services.put(key(each), endpointPorts(entry, endpoint.ports()));
        found.put(uid, workload(uid, as, endpoint, services, around));
      }
    }
    for (WorkloadEntry entry : around.objects().all(WorkloadEntry.class)) {
      Map<String, String> labels = new HashMap<>(entry.metadata().labels());
      labels.putAll(entry.endpoint().labels());
      Metadata as = relabelled(entry.metadata(), labels);
      Map<ServiceKey, Map<Integer, Integer>> services = new HashMap<>();
      for (EntryPlan.Planned each : planned) {
        if (SelectorIndex.selects(each.entry().selector(), labels)) {
          services.put(key(each), endpointPorts(each.entry(), entry.endpoint().ports()));
        }
      }
      String uid = uid("WorkloadEntry", entry.metadata());
      found.put(uid, workload(uid, as, entry.endpoint(), services, around));
      say(entry, as, around, conditions);
    }
    return found;
  }

  private static void say(
      WorkloadEntry entry,
      Metadata as,
      WorkloadTranslator.Surroundings around,
      Consumer<Condition> conditions) {
    WaypointBinder.Binding binding =
        around.wide().waypoints().bind(WaypointBinder.Kind.WORKLOAD, as, around.objects());
    if (WaypointSet.asks(as) || binding instanceof WaypointBinder.Bound) {
      ServiceTranslator.condition(entry, binding).ifPresent(conditions);
    }
  }

  private String uid(String kind, Metadata metadata) {
    return mesh.clusterId() + GROUP + kind + "/" + metadata.namespace() + "/" + metadata.name();
  }

  private static Metadata relabelled(Metadata metadata, Map<String, String> labels) {
    return new Metadata(
        metadata.namespace(),
        metadata.name(),
        metadata.uid(),
        labels,
        metadata.annotations(),
        metadata.created(),
        metadata.origin(),
        metadata.generation());
  }

  private Workload workload(
      String uid,
      Metadata as,
      ServiceEntry.Endpoint endpoint,
      Map<ServiceKey, Map<Integer, Integer>> services,
      WorkloadTranslator.Surroundings around) {
    WaypointBinder.Binding binding =
        around.wide().waypoints().bind(WaypointBinder.Kind.WORKLOAD, as, around.objects());
    List<InetAddress> addresses = IpAddresses.parse(endpoint.address()).stream().toList();
    boolean tunnel = WorkloadTranslator.asksForTunnel(as.labels());
    return Workload.named(uid)
        .name(as.name())
        .namespace(as.namespace())
        .serviceAccount(endpoint.serviceAccount().isEmpty() ? "default" : endpoint.serviceAccount())
        .trustDomain(mesh.trustDomain())
        .network(endpoint.network().isEmpty() ? around.network() : endpoint.network())
        .addresses(addresses)
        .hostname(addresses.isEmpty() ? endpoint.address() : "")
        .tunnel(tunnel ? Workload.Tunnel.HBONE : Workload.Tunnel.NONE)
        .nativeTunnel(tunnel)
        .status(Workload.Status.HEALTHY)
        .clusterId(mesh.clusterId())
        .locality(locality(endpoint.locality()))
        .workloadName(as.name())
        .type(Workload.Type.POD)
        .canonicalName(WorkloadTranslator.canonicalName(as.labels(), as.name()))
        .canonicalRevision(WorkloadTranslator.canonicalRevision(as.labels()))
        .waypoint(binding instanceof WaypointBinder.Bound bound ? bound.waypoint().address() : null)
        .services(services)
        .policies(WorkloadTranslator.selected(as, around, mesh.rootNamespace()))
        .capacity(endpoint.weight() == null ? 1 : endpoint.weight())
        .build();
  }

  private static Locality locality(String text) {
    String[] parts = text.split("/", 3);
    return new Locality(
        parts[0], parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
  }
}
