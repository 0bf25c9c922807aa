package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Pods to workloads (spec: workload-xds §8, enrolment §4). */
final class WorkloadTranslator {
  private static final String REDIRECTION = "ambient.istio.io/redirection";
  private static final String NETWORK = "topology.istio.io/network";
  private static final String TUNNEL = "networking.istio.io/tunnel";
  private static final String[] CANONICAL_NAME = {
    "service.istio.io/canonical-name", "app.kubernetes.io/name", "app"
  };
  private static final String[] CANONICAL_REVISION = {
    "service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"
  };

  private final MeshSettings mesh;
  private final ServiceTranslator services;

  WorkloadTranslator(MeshSettings mesh, ServiceTranslator services) {
    this.mesh = mesh;
    this.services = services;
  }

  /** What the namespace of a pod, and the mesh, add to it. */
  record Surroundings(
      NamespaceObjects objects,
      SelectorIndex<KubernetesService> services,
      SelectorIndex<AuthorizationPolicy> policies,
      SelectorIndex<AuthorizationPolicy> rootPolicies,
      PeerAuthenticationTranslator.Modes modes,
      ServiceTranslator.Wide wide) {
    String network() {
      return wide.network();
    }
  }

  static String uid(String clusterId, Metadata pod) {
    return clusterId + "//Pod/" + pod.namespace() + "/" + pod.name();
  }

  /**
   * The mesh's view of {@code pod}; empty while it has no address and once it is over.
   *
   * @param fact what the node agent says; null when it says nothing
   */
  Optional<Workload> translate(
      Pod pod,
      EnrolmentFacts.@Nullable State fact,
      Surroundings around,
      Consumer<Condition> conditions) {
    if (pod.phase().terminal() || pod.addresses().isEmpty()) {
      return Optional.empty();
    }
    Metadata metadata = pod.metadata();
    WaypointSet waypoints = around.wide().waypoints();
    WaypointBinder.Binding binding =
        waypoints.bind(WaypointBinder.Kind.WORKLOAD, metadata, around.objects());
    // What a pod only inherits says nothing of it as long as it cannot be had.
    if (binding instanceof WaypointBinder.Refused(WaypointBinder.Reason reason, String message)
        && WaypointSet.asks(metadata)) {
      conditions.accept(Condition.ofWaypoint(pod, false, reason.text(), message));
    }
    Map<String, String> labels = metadata.labels();
    String workloadName = first(labels, pod.owner(), "service.istio.io/workload-name");
    boolean nativeTunnel = asksForTunnel(labels);
    return Optional.of(
        Workload.named(uid(mesh.clusterId(), metadata))
            .name(metadata.name())
            .namespace(metadata.namespace())
            .serviceAccount(pod.serviceAccount())
            .trustDomain(mesh.trustDomain())
            .network(first(labels, around.network(), NETWORK))
            .addresses(pod.addresses())
            .tunnel(
                captured(metadata, fact) || nativeTunnel
                    ? Workload.Tunnel.HBONE
                    : Workload.Tunnel.NONE)
            .nativeTunnel(nativeTunnel)
            .networkMode(
                pod.hostNetwork()
                    ? Workload.NetworkMode.HOST_NETWORK
                    : Workload.NetworkMode.STANDARD)
            .status(
                pod.ready() && !pod.terminating()
                    ? Workload.Status.HEALTHY
                    : Workload.Status.UNHEALTHY)
            .node(pod.node())
            .clusterId(mesh.clusterId())
            .locality(locality(labels))
            .workloadName(workloadName)
            .type(Workload.Type.POD)
            .canonicalName(canonicalName(labels, workloadName))
            .canonicalRevision(canonicalRevision(labels))
            .waypoint(
                binding instanceof WaypointBinder.Bound bound ? bound.waypoint().address() : null)
            .applicationTunnel(waypoints.tunnelInto(metadata))
            .services(endpoints(pod, around))
            .policies(policies(pod, around))
            .build());
  }

  /** Whether it speaks HBONE by itself. */
  static boolean asksForTunnel(Map<String, String> labels) {
    return List.of(labels.getOrDefault(TUNNEL, "").split(",")).contains("http");
  }

  static String canonicalName(Map<String, String> labels, String otherwise) {
    return first(labels, otherwise, CANONICAL_NAME);
  }

  static String canonicalRevision(Map<String, String> labels) {
    return first(labels, "latest", CANONICAL_REVISION);
  }

  /** The agent's word counts; the manifest's only where no agent has spoken. */
  private static boolean captured(Metadata pod, EnrolmentFacts.@Nullable State fact) {
    if (fact != null) {
      return fact == EnrolmentFacts.State.ENABLED;
    }
    return pod.annotations().getOrDefault(REDIRECTION, "").equals("enabled");
  }

  /**
   * Nodes are not objects of a folder; their labels are expected on the pods, as newer kubelets put
   * them.
   */
  private static Locality locality(Map<String, String> labels) {
    return new Locality(
        labels.getOrDefault("topology.kubernetes.io/region", ""),
        labels.getOrDefault("topology.kubernetes.io/zone", ""),
        labels.getOrDefault("topology.istio.io/subzone", ""));
  }

  private Map<ServiceKey, Map<Integer, Integer>> endpoints(Pod pod, Surroundings around) {
    Map<ServiceKey, Map<Integer, Integer>> found = new HashMap<>();
    for (KubernetesService service : around.services().matching(pod.metadata().labels())) {
      if (service.type() != KubernetesService.Type.EXTERNAL_NAME) {
        found.put(services.key(service), ServiceTranslator.endpointPorts(service, pod));
      }
    }
    for (EntryPlan.Planned each : around.wide().entries().in(pod.metadata().namespace())) {
      if (SelectorIndex.selects(each.entry().selector(), pod.metadata().labels())) {
        found.put(EntryTranslator.key(each), EntryTranslator.endpointPorts(each.entry(), pod));
      }
    }
    return found;
  }

  private List<String> policies(Pod pod, Surroundings around) {
    List<String> found = selected(pod.metadata(), around, mesh.rootNamespace());
    Set<String> required = required(pod, around);
    if (!required.isEmpty()) {
      found.add(RequiredWaypoints.key(pod.metadata().namespace(), required).toString());
    }
    return found;
  }

  /** Selector policies by name, then what PeerAuthentication adds, as istiod lists them. */
  static List<String> selected(Metadata workload, Surroundings around, String rootNamespace) {
    Map<String, String> labels = workload.labels();
    List<String> found = new ArrayList<>();
    for (AuthorizationPolicy policy : around.policies().matching(labels)) {
      found.add(name(policy));
    }
    if (!workload.namespace().equals(rootNamespace)) {
      for (AuthorizationPolicy policy : around.rootPolicies().matching(labels)) {
        found.add(name(policy));
      }
    }
    found.sort(null);
    found.addAll(around.modes().policiesOf(labels));
    return found;
  }

  /** The waypoints past which nobody may reach {@code pod}; empty unless the mesh asks for that. */
  Set<String> required(Pod pod, Surroundings around) {
    return mesh.requireWaypoint()
        ? RequiredWaypoints.of(
            pod.metadata(),
            around.services().matching(pod.metadata().labels()),
            around.objects(),
            around.wide().waypoints())
        : Set.of();
  }

  private static String name(AuthorizationPolicy policy) {
    return policy.metadata().namespace() + "/" + policy.metadata().name();
  }

  private static String first(Map<String, String> labels, String otherwise, String... keys) {
    for (String key : keys) {
      String value = labels.get(key);
      if (value != null && !value.isEmpty()) {
        return value;
      }
    }
    return otherwise;
  }
}
