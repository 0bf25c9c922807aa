package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Pod;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What one namespace became, and how a change of its objects, of its facts or of the root namespace
 * changes that. Confined to the thread of its {@link Derivation}.
 */
final class NamespaceDerivation {
  private final String name;
  private final MeshSettings mesh;
  private final ServiceTranslator serviceTranslator;
  private final WorkloadTranslator workloadTranslator;
  private final PolicyTranslator policyTranslator;
  private final PeerAuthenticationTranslator peers;

  private final EntryDerivation entries;
  private final Map<String, Workload> workloads = new HashMap<>();
  private final Map<String, Service> services = new HashMap<>();
  private final Map<PolicyKey, Policy> policies = new TreeMap<>(byName());
  private final Map<PolicyKey, Policy> required = new TreeMap<>(byName());
  private final Map<String, List<Condition>> conditions = new HashMap<>();

  NamespaceDerivation(String name, MeshSettings mesh, PeerAuthenticationTranslator peers) {
    this.name = name;
    this.mesh = mesh;
    this.peers = peers;
    this.serviceTranslator = new ServiceTranslator(mesh.clusterDomain());
    this.workloadTranslator = new WorkloadTranslator(mesh, serviceTranslator);
    this.entries = new EntryDerivation(mesh);
    this.policyTranslator = new PolicyTranslator(mesh.rootNamespace(), mesh.dryRunPolicies());
  }

  private static Comparator<PolicyKey> byName() {
    return Comparator.comparing(PolicyKey::name);
  }

  /**
   * One step from an input to the next.
   *
   * @param root the root namespace's objects after the step
   * @param everyPod whether something that touches all pods of the mesh changed
   * @param wide of the mesh, with the waypoints there are
   * @param waypointsChanged whether they are not what they were
   * @param rootSelectors of the policies of the root namespace that changed
   * @param factsChanged pods of this namespace whose fact changed
   */
  record Step(
      NamespaceObjects before,
      NamespaceObjects now,
      NamespaceObjects root,
      boolean everyPod,
      ServiceTranslator.Wide wide,
      boolean waypointsChanged,
      List<Map<String, String>> rootSelectors,
      Set<String> factsChanged,
      Map<String, EnrolmentFacts.State> facts) {}

  void derive(Step step, Derivation.Changes changes) {
    boolean namespaceChanged = !Objects.equals(step.before().namespace(), step.now().namespace());
    deriveServices(step, namespaceChanged || step.everyPod() || step.waypointsChanged(), changes);
    List<EntryPlan.Planned> planned = step.wide().entries().in(name);
    derivePods(step, namespaceChanged, changes);
    if (entries.concerns(planned, step.now())) {
      entries.derive(planned, surroundings(step), changes);
    }
    derivePolicies(step, changes);
    deriveRequired(step, changes);
  }

  /** What its services became. */
  Collection<Service> services() {
    if (entries.services().isEmpty()) {
      return services.values();
    }
    List<Service> all = new ArrayList<>(services.values());
    all.addAll(entries.services());
    return all;
  }

  void conditions(Set<Condition> all) {
    conditions.values().forEach(all::addAll);
    all.addAll(entries.conditions());
  }

  private void deriveServices(Step step, boolean every, Derivation.Changes changes) {
    Map<String, KubernetesService> before = step.before().services();
    Map<String, KubernetesService> now = step.now().services();
    for (String each : Derivation.union(before.keySet(), now.keySet())) {
      KubernetesService service = now.get(each);
      if (!every && service != null && service.equals(before.get(each))) {
        continue;
      }
      List<Condition> said = new ArrayList<>();
      Service next =
          service == null
              ? null
              : serviceTranslator
                  .translate(service, step.now(), step.wide(), said::add)
                  .orElse(null);
      say("Service/" + each, said);
      Service previous = next == null ? services.remove(each) : services.put(each, next);
      if (next == null) {
        if (previous != null) {
          changes.put(new MeshChange.AddressRemoved(previous.key().toString()));
        }
      } else if (!next.equals(previous)) {
        changes.put(new MeshChange.ServicePut(next));
      }
    }
  }

  private void derivePods(Step step, boolean namespaceChanged, Derivation.Changes changes) {
    WorkloadTranslator.Surroundings around = surroundings(step);
    for (String each : podsToDerive(step, namespaceChanged)) {
      Pod pod = step.now().pods().get(each);
      List<Condition> said = new ArrayList<>();
      Workload next =
          pod == null
              ? null
              : workloadTranslator
                  .translate(pod, step.facts().get(name + "/" + each), around, said::add)
                  .orElse(null);
      say("Pod/" + each, said);
      Workload previous = next == null ? workloads.remove(each) : workloads.put(each, next);
      if (next == null) {
        if (previous != null) {
          changes.put(new MeshChange.AddressRemoved(previous.uid()));
        }
      } else if (!next.equals(previous)) {
        changes.put(new MeshChange.WorkloadPut(next));
      }
    }
  }

  /** The policies that close the way past waypoints, one for each set of waypoints of a pod. */
  private void deriveRequired(Step step, Derivation.Changes changes) {
    if (!mesh.requireWaypoint()) {
      return;
    }
    WorkloadTranslator.Surroundings around = surroundings(step);
    Map<PolicyKey, Policy> next = new TreeMap<>(byName());
    for (Pod pod : step.now().pods().values()) {
      Set<String> waypoints = workloadTranslator.required(pod, around);
      if (!waypoints.isEmpty()) {
        next.computeIfAbsent(
            RequiredWaypoints.key(name, waypoints),
            _ ->
                RequiredWaypoints.policy(
                    name, waypoints, step.wide().waypoints(), mesh.trustDomain()));
      }
    }
    replace(required, next, changes);
  }

  private WorkloadTranslator.Surroundings surroundings(Step step) {
    NamespaceObjects now = step.now();
    return new WorkloadTranslator.Surroundings(
        now,
        new SelectorIndex<>(now.services().values(), KubernetesService::selector),
        selecting(now),
        selecting(step.root()),
        peers.modes(
            name, now.peerAuthentications().values(), step.root().peerAuthentications().values()),
        step.wide());
  }

  private SelectorIndex<AuthorizationPolicy> selecting(NamespaceObjects objects) {
    return new SelectorIndex<>(
        objects.policies().values().stream().filter(policyTranslator::named).toList(),
        AuthorizationPolicy::selector);
  }

  /** The pods that changed, or on which something depends that changed; sorted. */
  private Set<String> podsToDerive(Step step, boolean namespaceChanged) {
    Map<String, Pod> before = step.before().pods();
    Map<String, Pod> now = step.now().pods();
    if (step.everyPod()
        || namespaceChanged
        || !step.before().peerAuthentications().equals(step.now().peerAuthentications())) {
      return Derivation.union(before.keySet(), now.keySet());
    }
    Set<String> found = new TreeSet<>(step.factsChanged());
    for (String each : before.keySet()) {
      if (!now.containsKey(each)) {
        found.add(each);
      }
    }
    List<Map<String, String>> touched = new ArrayList<>(step.rootSelectors());
    touched.addAll(entries.touched(step.wide().entries().in(name)));
    touched.addAll(
        selectorsOfChanged(
            step.before().services(), step.now().services(), KubernetesService::selector));
    touched.addAll(
        selectorsOfChanged(
            step.before().policies(), step.now().policies(), AuthorizationPolicy::selector));
    SelectorIndex<Map<String, String>> selectors =
        new SelectorIndex<>(touched, selector -> selector);
    // Behind a service that is bound there are pods that ask for nothing themselves.
    boolean askedByAll = mesh.requireWaypoint() || !step.now().label(WaypointSet.USE).isEmpty();
    now.forEach((each, pod) -> {
      if (!pod.equals(before.get(each))
          || (step.waypointsChanged() && (askedByAll || WaypointSet.concerns(pod.metadata())))
          || (!touched.isEmpty() && !selectors.matching(pod.metadata().labels()).isEmpty())) {
        found.add(each);
      }
    });
    return found;
  }

  /** The selectors, old and new, of the objects that are not what they were; none that is empty. */
  static <T> List<Map<String, String>> selectorsOfChanged(
      Map<String, T> before, Map<String, T> now, Function<T, Map<String, String>> selector) {
    List<Map<String, String>> found = new ArrayList<>();
    if (before.equals(now)) {
      return found;
    }
    before.forEach((name, object) -> {
      if (!object.equals(now.get(name))) {
        found.add(selector.apply(object));
      }
    });
    now.forEach((name, object) -> {
      if (!object.equals(before.get(name))) {
        found.add(selector.apply(object));
      }
    });
    found.removeIf(Map::isEmpty);
    return found;
  }

  private void derivePolicies(Step step, Derivation.Changes changes) {
    boolean peersChanged =
        step.everyPod()
            || !step.before().peerAuthentications().equals(step.now().peerAuthentications());
    if (!peersChanged && step.before().policies().equals(step.now().policies())) {
      return;
    }
    Map<PolicyKey, Policy> next = new TreeMap<>(byName());
    Consumer<Policy> keep = policy -> next.put(policy.key(), policy);
    step.before().policies().keySet().forEach(each -> conditions.remove("Policy/" + each));
    step.now()
        .policies()
        .forEach((each, policy) -> {
          List<Condition> said = new ArrayList<>();
          policyTranslator.translate(policy, said::add).ifPresent(keep);
          say("Policy/" + each, said);
        });
    peers
        .modes(
            name,
            step.now().peerAuthentications().values(),
            step.root().peerAuthentications().values())
        .converted()
        .forEach(keep);
    replace(policies, next, changes);
  }

  private static void replace(
      Map<PolicyKey, Policy> before, Map<PolicyKey, Policy> next, Derivation.Changes changes) {
    Set<PolicyKey> gone = new HashSet<>(before.keySet());
    gone.removeAll(next.keySet());
    gone.stream().sorted(byName()).forEach(key -> changes.put(new MeshChange.PolicyRemoved(key)));
    next.forEach((key, policy) -> {
      if (!policy.equals(before.get(key))) {
        changes.put(new MeshChange.PolicyPut(policy));
      }
    });
    before.clear();
    before.putAll(next);
  }

  private void say(String object, List<Condition> said) {
    if (said.isEmpty()) {
      conditions.remove(object);
    } else {
      conditions.put(object, List.copyOf(said));
    }
  }
}
