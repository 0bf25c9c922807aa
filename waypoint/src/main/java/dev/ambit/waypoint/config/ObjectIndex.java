package dev.ambit.waypoint.config;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.DestinationRule;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.PeerAuthentication;
import dev.ambit.model.object.Pod;
import dev.ambit.model.object.ReferenceGrant;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.Secret;
import dev.ambit.model.object.ServiceAccount;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.WorkloadEntry;
import dev.ambit.model.traffic.DestinationRules;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The objects a waypoint was sent, by what they are looked up by. Immutable once built. */
final class ObjectIndex {
  private final Map<Parent, List<ClusterObject>> routes = new HashMap<>();
  private final List<VirtualService> virtualServices = new ArrayList<>();
  private final Attached<AuthorizationPolicy> policies;
  private final Attached<RequestAuthentication> authentications;
  private final List<Telemetry> telemetries = new ArrayList<>();
  private final Map<String, List<ReferenceGrant>> grants = new HashMap<>();
  private final Map<String, Map<String, String>> labels = new HashMap<>();
  private final Map<String, Secret> secrets = new HashMap<>();
  private final Set<ServiceKey> dynamic = new HashSet<>();
  private final DestinationRules rules;
  private @Nullable Gateway gateway;
  private @Nullable MeshConfig meshConfig;

  /** What routes are attached to: {@code kind} is Service or ServiceEntry. */
  record Parent(String kind, String namespace, String name) {}

  ObjectIndex(Collection<ClusterObject> all, Place place) {
    policies = new Attached<>(place);
    authentications = new Attached<>(place);
    List<DestinationRule> destinationRules = new ArrayList<>();
    for (ClusterObject object : all) {
      switch (object) {
        case HttpRoute route -> file(route.parents(), route);
        case GrpcRoute route -> file(route.parents(), route);
        case TcpRoute route -> file(route.parents(), route);
        case TlsRoute route -> file(route.parents(), route);
        case VirtualService service -> virtualServices.add(service);
        case DestinationRule rule -> destinationRules.add(rule);
        case AuthorizationPolicy policy -> policies.file(policy, policy.targetRefs());
        case RequestAuthentication authentication ->
            authentications.file(authentication, authentication.targetRefs());
        case Telemetry telemetry -> telemetries.add(telemetry);
        case ReferenceGrant grant ->
            grants.computeIfAbsent(grant.metadata().namespace(), _ -> new ArrayList<>()).add(grant);
        case ServiceEntry entry -> {
          if (entry.resolution() == ServiceEntry.Resolution.DYNAMIC_DNS) {
            entry
                .hosts()
                .forEach(host -> dynamic.add(new ServiceKey(entry.metadata().namespace(), host)));
          }
        }
        case Secret secret -> {
          if (secret.metadata().namespace().equals(place.namespace())) {
            secrets.put(secret.metadata().name(), secret);
          }
        }
        case Pod pod -> labels.put(podName(pod), pod.metadata().labels());
        case Gateway each -> {
          if (isOwn(each, place)) {
            gateway = each;
          }
        }
        case MeshConfig config -> {
          if (config.metadata().namespace().equals(place.mesh().rootNamespace())) {
            meshConfig = config;
          }
        }
        case GatewayClass _,
            KubernetesService _,
            Namespace _,
            PeerAuthentication _,
            ServiceAccount _,
            WorkloadEntry _ -> {
          // Says nothing of what a waypoint does: services and workloads come with the mesh.
        }
      }
    }
    rules =
        DestinationRules.of(
            destinationRules, place.mesh().rootNamespace(), place.mesh().clusterDomain());
  }

  private static boolean isOwn(Gateway each, Place place) {
    return each.metadata().namespace().equals(place.namespace())
        && each.metadata().name().equals(place.gateway());
  }

  private static String podName(Pod pod) {
    return pod.metadata().namespace() + "/" + pod.metadata().name();
  }

  private void file(List<ParentReference> parents, ClusterObject route) {
    for (ParentReference parent : parents) {
      Parent key = new Parent(parent.kind(), parent.namespace(), parent.name());
      List<ClusterObject> list = routes.computeIfAbsent(key, _ -> new ArrayList<>());
      if (list.isEmpty() || list.getLast() != route) {
        list.add(route);
      }
    }
  }

  /** Routes that name {@code parent}, for whatever port. */
  List<ClusterObject> routes(Parent parent) {
    return routes.getOrDefault(parent, List.of());
  }

  List<VirtualService> virtualServices() {
    return virtualServices;
  }

  Attached<AuthorizationPolicy> policies() {
    return policies;
  }

  Attached<RequestAuthentication> authentications() {
    return authentications;
  }

  List<Telemetry> telemetries() {
    return telemetries;
  }

  Collection<ReferenceGrant> grants(String namespace) {
    return grants.getOrDefault(namespace, List.of());
  }

  DestinationRules rules() {
    return rules;
  }

  /** The labels of a workload's pod; empty when nobody needs them. */
  Map<String, String> labels(Workload workload) {
    return labels.isEmpty()
        ? Map.of()
        : labels.getOrDefault(workload.namespace() + "/" + workload.name(), Map.of());
  }

  /** Whether requests to it say the name of their endpoint themselves. */
  boolean isDynamic(ServiceKey service) {
    return dynamic.contains(service);
  }

  /** A secret of the waypoint's own namespace; null without one of that name. */
  @Nullable Secret secret(String name) {
    return secrets.get(name);
  }

  /** The mesh configuration; null when there is none. */
  @Nullable MeshConfig meshConfig() {
    return meshConfig;
  }

  /** Its own Gateway; null when it was not sent. */
  @Nullable Gateway gateway() {
    return gateway;
  }
}
