package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.workload.Service;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Turns each new {@link ClusterInput} into the changes of the mesh, recomputing only what depends
 * on what changed. Deterministic: the same sequence of inputs gives the same changes in the same
 * order, and the sum of the changes depends on the last input only. Confined to one thread.
 */
public final class Derivation {
  private static final String NETWORK = "topology.istio.io/network";

  private final MeshSettings mesh;
  private final PeerAuthenticationTranslator peers;
  private final WaypointObjects waypointObjects;
  private final Map<String, NamespaceDerivation> namespaces = new HashMap<>();
  private ClusterInput last = ClusterInput.EMPTY;
  private boolean strictKnown;
  private WaypointSet waypoints = WaypointSet.NONE;
  private EntryPlan entries = EntryPlan.EMPTY;
  private Map<String, Map<String, String>> objects = Map.of();

  /** Null while nobody has asked since the last change. */
  private @Nullable List<Condition> waypointConditions;

  public Derivation(MeshSettings mesh) {
    this.mesh = mesh;
    this.peers = new PeerAuthenticationTranslator(mesh.rootNamespace());
    this.waypointObjects = new WaypointObjects(mesh);
  }

  /**
   * What turns the mesh of the previous input into that of {@code input}: removals, then services,
   * workloads and policies, each by name.
   */
  public List<MeshChange> derive(ClusterInput input) {
    ClusterInput before = last;
    last = input;
    NamespaceObjects rootBefore = before.in(mesh.rootNamespace());
    NamespaceObjects root = input.in(mesh.rootNamespace());
    boolean everyPod =
        !root.label(NETWORK).equals(rootBefore.label(NETWORK))
            || !root.peerAuthentications().equals(rootBefore.peerAuthentications());
    List<Map<String, String>> rootSelectors =
        NamespaceDerivation.selectorsOfChanged(
            rootBefore.policies(), root.policies(), AuthorizationPolicy::selector);
    Map<String, Set<String>> factsChanged = factsChanged(before.facts(), input.facts());
    WaypointSet waypointsBefore = waypoints;
    waypoints = WaypointSet.of(input, root.label(NETWORK), mesh.requireWaypoint());
    boolean waypointsChanged = !waypoints.equals(waypointsBefore);
    EntryPlan entriesBefore = entries;
    entries = EntryPlan.of(input, mesh.clusterDomain());
    ServiceTranslator.Wide wide =
        new ServiceTranslator.Wide(root.label(NETWORK), waypoints, entries);
    Changes changes = new Changes();
    for (String name : union(before.namespaces().keySet(), input.namespaces().keySet())) {
      NamespaceObjects now = input.in(name);
      Set<String> facts = factsChanged.getOrDefault(name, Set.of());
      if (!everyPod
          && !waypointsChanged
          && facts.isEmpty()
          && rootSelectors.isEmpty()
          && entries.in(name).equals(entriesBefore.in(name))
          && now.equals(before.in(name))) {
        continue;
      }
      NamespaceDerivation derivation =
          namespaces.computeIfAbsent(name, each -> new NamespaceDerivation(each, mesh, peers));
      derivation.derive(
          new NamespaceDerivation.Step(
              before.in(name),
              now,
              root,
              everyPod,
              wide,
              waypointsChanged,
              rootSelectors,
              facts,
              input.facts()),
          changes);
      if (!input.namespaces().containsKey(name)) {
        namespaces.remove(name);
      }
    }
    staticStrict(input, changes);
    if (!input.namespaces().equals(before.namespaces())) {
      objects = waypointObjects.derive(input, waypoints, this::services);
      waypointConditions = null;
    }
    return changes.inOrder();
  }

  /** What each waypoint, {@code namespace/name}, is sent: JSON of objects by their names. */
  public Map<String, Map<String, String>> objects() {
    return objects;
  }

  private Collection<Service> services(String namespace) {
    NamespaceDerivation found = namespaces.get(namespace);
    return found == null ? List.of() : found.services();
  }

  /** Everything there is to say of the objects of the last input, by kind, namespace and name. */
  public List<Condition> conditions() {
    Set<Condition> all = new TreeSet<>();
    namespaces.values().forEach(each -> each.conditions(all));
    List<Condition> ofWaypoints = waypointConditions;
    if (ofWaypoints == null) {
      ofWaypoints = WaypointConditions.of(last, waypoints, mesh, this::services);
      waypointConditions = ofWaypoints;
    }
    all.addAll(ofWaypoints);
    return List.copyOf(all);
  }

  /** The static policy exists as long as any PeerAuthentication does. */
  private void staticStrict(ClusterInput input, Changes changes) {
    boolean wanted =
        input.namespaces().values().stream()
            .anyMatch(each -> !each.peerAuthentications().isEmpty());
    if (wanted && !strictKnown) {
      changes.put(new MeshChange.PolicyPut(peers.staticStrict()));
    } else if (!wanted && strictKnown) {
      changes.put(new MeshChange.PolicyRemoved(peers.staticKey()));
    }
    strictKnown = wanted;
  }

  /** Pod names by namespace whose fact is not what it was. */
  private static Map<String, Set<String>> factsChanged(
      Map<String, EnrolmentFacts.State> before, Map<String, EnrolmentFacts.State> now) {
    if (before.equals(now)) {
      return Map.of();
    }
    Map<String, Set<String>> changed = new HashMap<>();
    for (String pod : union(before.keySet(), now.keySet())) {
      int slash = pod.indexOf('/');
      if (slash > 0 && !Objects.equals(before.get(pod), now.get(pod))) {
        changed
            .computeIfAbsent(pod.substring(0, slash), _ -> new HashSet<>())
            .add(pod.substring(slash + 1));
      }
    }
    return changed;
  }

  static Set<String> union(Collection<String> left, Collection<String> right) {
    Set<String> all = new TreeSet<>(left);
    all.addAll(right);
    return all;
  }

  /** Changes while they are collected; said once each. */
  static final class Changes {
    private final List<MeshChange> removals = new ArrayList<>();
    private final List<MeshChange> services = new ArrayList<>();
    private final List<MeshChange> workloads = new ArrayList<>();
    private final List<MeshChange> policies = new ArrayList<>();

    void put(MeshChange change) {
      switch (change) {
        case MeshChange.ServicePut put -> services.add(put);
        case MeshChange.WorkloadPut put -> workloads.add(put);
        case MeshChange.PolicyPut put -> policies.add(put);
        case MeshChange.AddressRemoved removed -> removals.add(removed);
        case MeshChange.PolicyRemoved removed -> removals.add(removed);
      }
    }

    List<MeshChange> inOrder() {
      List<MeshChange> all = new ArrayList<>(removals);
      all.addAll(services);
      all.addAll(workloads);
      all.addAll(policies);
      return List.copyOf(all);
    }
  }
}
