package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.controller.source.NamespaceObjects.Carried;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.waypoint.PolicyAttachment;
import dev.ambit.model.waypoint.Waypoint;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.Service;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Which objects concern which waypoint (spec: control-plane §4): its Gateway; the routes of the
 * services bound to it; the policies attached to it or to them; the traffic policies of all hosts
 * that can be reached so, with the labels of pods where these matter; the grants; the mesh's own
 * settings. Confined to the thread of its {@link Derivation}.
 */
final class WaypointObjects {
  /** The name that is sorted, and so sent, after all others: a waypoint waits for it. */
  static final String LAST = "~";

  private final MeshSettings mesh;
  private final ObjectText texts = new ObjectText();

  WaypointObjects(MeshSettings mesh) {
    this.mesh = mesh;
  }

  /**
   * The objects of each waypoint, {@code namespace/name}, as JSON by their names.
   *
   * @param services those of a namespace
   */
  Map<String, Map<String, String>> derive(
      ClusterInput input, WaypointSet waypoints, Function<String, Collection<Service>> services) {
    if (waypoints.byName().isEmpty()) {
      texts.sweep();
      return Map.of();
    }
    ObjectCatalogue catalogue = new ObjectCatalogue(input, mesh.clusterDomain());
    Map<GatewayAddress, List<String>> byAddress = new HashMap<>();
    Map<String, List<Service>> owned = new HashMap<>();
    waypoints
        .byName()
        .forEach((name, waypoint) -> {
          owned.put(name, new ArrayList<>());
          if (waypoint.address() != null) {
            byAddress.computeIfAbsent(waypoint.address(), _ -> new ArrayList<>()).add(name);
          }
        });
    for (String namespace : input.namespaces().keySet()) {
      for (Service service : services.apply(namespace)) {
        Set<GatewayAddress> asked = new HashSet<>();
        if (service.waypoint() != null) {
          asked.add(service.waypoint());
        }
        service.weightedWaypoints().forEach(each -> asked.add(each.destination()));
        for (GatewayAddress each : asked) {
          for (String name : byAddress.getOrDefault(each, List.of())) {
            owned.computeIfAbsent(name, _ -> new ArrayList<>()).add(service);
          }
        }
      }
    }
    Map<String, Map<String, String>> all = new HashMap<>();
    waypoints
        .byName()
        .forEach((name, waypoint) -> {
          One one = new One(input, catalogue, waypoint);
          one.collect(owned.getOrDefault(name, List.of()));
          one.found.put(LAST, "{}");
          all.put(name, Map.copyOf(one.found));
        });
    texts.sweep();
    return Map.copyOf(all);
  }

  /** What one waypoint is sent. */
  private final class One {
    private final ClusterInput input;
    private final ObjectCatalogue catalogue;
    private final Waypoint waypoint;
    private final Map<String, String> found = new HashMap<>();
    private final Set<String> hosts = new HashSet<>();
    private final Set<String> grantors = new HashSet<>();

    private One(ClusterInput input, ObjectCatalogue catalogue, Waypoint waypoint) {
      this.input = input;
      this.catalogue = catalogue;
      this.waypoint = waypoint;
    }

    private void put(Carried carried) {
      found.put(ObjectText.name(carried.object()), texts.of(carried));
    }

    void collect(List<Service> owned) {
      Carried gateway = input.in(waypoint.namespace()).others().get("Gateway/" + waypoint.name());
      if (gateway != null) {
        put(gateway);
      }
      settings(owned);
      Set<PolicyAttachment.Owner> owners = new HashSet<>();
      for (Service service : owned) {
        owners.add(PolicyAttachment.Owner.of(service, mesh.clusterDomain()));
        hosts.add(service.hostname());
        entry(service);
        routes(service);
      }
      policies(owners);
      grantors.forEach(each -> catalogue.grants(each).forEach(this::put));
      hosts.forEach(this::rules);
    }

    /** That names of a wildcard are looked up as requests say them is said by the entry only. */
    private void entry(Service service) {
      Carried found =
          service.hostname().startsWith("*.")
              ? input.in(service.namespace()).others().get("ServiceEntry/" + service.name())
              : null;
      if (found != null) {
        put(found);
      }
    }

    /** What holds for the mesh and for the namespaces concerned. */
    private void settings(List<Service> owned) {
      Set<String> namespaces = new HashSet<>(Set.of(mesh.rootNamespace(), waypoint.namespace()));
      owned.forEach(service -> namespaces.add(service.namespace()));
      for (String namespace : namespaces) {
        for (Carried each : input.in(namespace).others().values()) {
          String kind = each.object().kind();
          if (kind.equals("Telemetry")
              || (kind.equals("ConfigMap") && namespace.equals(mesh.rootNamespace()))) {
            put(each);
          }
          if (each.object() instanceof MeshConfig config) {
            hosts.addAll(Backends.hosts(config));
          }
        }
      }
    }

    private void routes(Service service) {
      ObjectCatalogue.Parent parent =
          ObjectCatalogue.Parent.of(PolicyAttachment.Owner.of(service, mesh.clusterDomain()));
      for (Carried route : catalogue.routes(parent)) {
        if (isProducer(route, service)) {
          put(route);
          Backends.of(route.object()).forEach(backend -> reach(route.object().metadata(), backend));
        }
      }
      for (Carried each : catalogue.virtualServices(service.hostname())) {
        if (isProducer(each, service) && each.object() instanceof VirtualService virtual) {
          put(each);
          for (String host : Backends.hosts(virtual)) {
            hosts.add(catalogue.fullHost(host, virtual.metadata().namespace()));
          }
        }
      }
    }

    private boolean isProducer(Carried route, Service service) {
      String namespace = route.object().metadata().namespace();
      return namespace.equals(service.namespace()) || namespace.equals(waypoint.namespace());
    }

    private void reach(Metadata route, BackendReference backend) {
      if (backend.kind().equals("Hostname")) {
        hosts.add(backend.name());
        return;
      }
      String namespace = backend.namespace().isEmpty() ? route.namespace() : backend.namespace();
      hosts.add(catalogue.fullHost(backend.name(), namespace));
      if (!namespace.equals(route.namespace())) {
        grantors.add(namespace);
      }
    }

    private void policies(Set<PolicyAttachment.Owner> owners) {
      for (AuthorizationPolicy policy : catalogue.policies()) {
        if (holds(policy.targetRefs(), policy.metadata().namespace(), owners)) {
          found.put(ObjectText.name(policy), texts.of(policy));
        }
      }
      for (Carried each : catalogue.authentications()) {
        if (each.object() instanceof RequestAuthentication authentication
            && holds(authentication.targetRefs(), authentication.metadata().namespace(), owners)) {
          put(each);
        }
      }
    }

    private boolean holds(
        List<TargetReference> targets, String namespace, Set<PolicyAttachment.Owner> owners) {
      PolicyAttachment attachment = new PolicyAttachment(targets, namespace, mesh.rootNamespace());
      PolicyAttachment.Place place =
          new PolicyAttachment.Place(waypoint.namespace(), waypoint.name(), waypoint.className());
      return attachment.holdsAt(place)
          || targets.stream()
              .map(each -> new PolicyAttachment.Owner(each.kind(), namespace, each.name()))
              .anyMatch(owner -> owners.contains(owner) && attachment.holdsFor(owner, place));
    }

    private void rules(String host) {
      boolean labelled = false;
      for (Carried each : catalogue.rules(host)) {
        if (each.object() instanceof DestinationRule rule) {
          put(each);
          secrets(rule);
          labelled |= goesByLabels(rule);
        }
      }
      if (labelled) {
        labels(host);
      }
    }

    /** What TLS of a rule needs: secrets of the waypoint's own namespace, and of no other. */
    private void secrets(DestinationRule rule) {
      for (String name : Credentials.of(rule)) {
        for (String each : List.of(name, name + Secret.AUTHORITY)) {
          Carried secret = input.in(waypoint.namespace()).others().get("Secret/" + each);
          if (secret != null && secret.object() instanceof Secret found) {
            this.found.put(ObjectText.name(found), texts.of(found));
          }
        }
      }
    }

    private boolean goesByLabels(DestinationRule rule) {
      return !rule.subsets().isEmpty()
          || goesByLabels(rule.policy())
          || rule.policy().ports().values().stream().anyMatch(this::goesByLabels);
    }

    private boolean goesByLabels(TrafficPolicy policy) {
      TrafficPolicy.LoadBalancer balancer = policy.loadBalancer();
      TrafficPolicy.LocalityBalancing locality = balancer == null ? null : balancer.locality();
      return locality != null && !locality.failoverPriority().isEmpty();
    }

    /** The labels of the pods behind a host of the cluster. */
    private void labels(String host) {
      String end = ".svc." + mesh.clusterDomain();
      if (!host.endsWith(end)) {
        return;
      }
      String[] parts = host.substring(0, host.length() - end.length()).split("\\.", -1);
      if (parts.length != 2) {
        return;
      }
      NamespaceObjects objects = input.in(parts[1]);
      KubernetesService service = objects.services().get(parts[0]);
      if (service != null) {
        for (Pod pod : objects.pods().values()) {
          if (SelectorIndex.selects(service.selector(), pod.metadata().labels())
              && !pod.node().isEmpty()
              && !pod.addresses().isEmpty()) {
            found.put(ObjectText.name(pod), texts.labelsOf(pod));
          }
        }
      }
    }
  }
}
