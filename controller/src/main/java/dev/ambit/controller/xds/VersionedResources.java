package dev.ambit.controller.xds;

import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The current resources, each serialised once. One writer, many readers; a reader always sees the
 * latest state of a resource, so no client can build up a backlog of old states.
 */
public final class VersionedResources {
  private static final Scope ADDRESSES = new Scope(ResourceType.ADDRESS, "");
  private static final Scope POLICIES = new Scope(ResourceType.AUTHORIZATION, "");

  private final Encoder encoder;
  private final Map<Scope, ConcurrentNavigableMap<String, EncodedResource>> current =
      new ConcurrentHashMap<>();
  private volatile Map<String, Written> objects = Map.of();
  private final Map<String, List<String>> byAlias = new ConcurrentHashMap<>();
  private final Map<String, Collection<String>> byService = new ConcurrentHashMap<>();
  private final Map<String, Collection<String>> byNode = new ConcurrentHashMap<>();
  private volatile long revision;

  /** Serialises records; the wire package's part. */
  public interface Encoder {
    EncodedResource encode(Workload workload);

    EncodedResource encode(Service service);

    EncodedResource encode(Policy policy);

    /** An object of that name, as JSON. */
    EncodedResource encode(String name, String json);
  }

  public VersionedResources(Encoder encoder) {
    this.encoder = encoder;
  }

  /** An object's text and what became of it. */
  private record Written(String json, EncodedResource resource) {}

  /**
   * Makes {@code everything} the objects of all waypoints, and answers what really differs. The
   * writer's only.
   *
   * @param everything JSON by the objects' names, by waypoint
   */
  List<ResourceChange> objects(Map<String, Map<String, String>> everything) {
    Map<String, Written> next = new HashMap<>();
    List<ResourceChange> applied = new ArrayList<>();
    everything.forEach((waypoint, texts) -> {
      Scope scope = new Scope(ResourceType.OBJECT, waypoint);
      for (String name : List.copyOf(of(scope).keySet())) {
        if (!texts.containsKey(name)) {
          note(remove(scope, name), applied);
        }
      }
      texts.forEach((name, json) -> {
        Written written = next.computeIfAbsent(name, each -> written(each, json));
        note(put(scope, written.resource()), applied);
      });
    });
    for (Scope scope : List.copyOf(current.keySet())) {
      if (scope.type() == ResourceType.OBJECT && !everything.containsKey(scope.audience())) {
        List.copyOf(of(scope).keySet()).forEach(name -> note(remove(scope, name), applied));
      }
    }
    objects = next;
    if (!applied.isEmpty()) {
      revision++;
    }
    return applied;
  }

  private Written written(String name, String json) {
    Written known = objects.get(name);
    return known != null && known.json().equals(json)
        ? known
        : new Written(json, encoder.encode(name, json));
  }

  private static void note(@Nullable ResourceChange change, List<ResourceChange> applied) {
    if (change != null) {
      applied.add(change);
    }
  }

  /** Applies {@code changes} in order and answers what really differs. The writer's only. */
  List<ResourceChange> apply(List<MeshChange> changes) {
    List<ResourceChange> applied = new ArrayList<>();
    for (MeshChange change : changes) {
      ResourceChange one =
          switch (change) {
            case MeshChange.WorkloadPut put -> put(ADDRESSES, encoder.encode(put.workload()));
            case MeshChange.ServicePut put -> put(ADDRESSES, encoder.encode(put.service()));
            case MeshChange.PolicyPut put -> put(POLICIES, encoder.encode(put.policy()));
            case MeshChange.AddressRemoved gone -> remove(ADDRESSES, gone.name());
            case MeshChange.PolicyRemoved gone -> remove(POLICIES, gone.key().toString());
          };
      if (one != null) {
        applied.add(one);
      }
    }
    if (!applied.isEmpty()) {
      revision++;
    }
    return applied;
  }

  /** Makes {@code everything} current: what it does not name is gone. The writer's only. */
  List<ResourceChange> replace(List<MeshChange> everything) {
    Set<String> names = new HashSet<>();
    for (MeshChange change : everything) {
      switch (change) {
        case MeshChange.WorkloadPut put -> names.add(put.workload().uid());
        case MeshChange.ServicePut put -> names.add(put.service().key().toString());
        case MeshChange.PolicyPut put -> names.add(put.policy().key().toString());
        case MeshChange.AddressRemoved _, MeshChange.PolicyRemoved _ -> {}
      }
    }
    List<MeshChange> changes = new ArrayList<>(everything);
    for (String name : of(ADDRESSES).keySet()) {
      if (!names.contains(name)) {
        changes.add(new MeshChange.AddressRemoved(name));
      }
    }
    for (String name : of(POLICIES).keySet()) {
      if (!names.contains(name)) {
        PolicyKey.parse(name).map(MeshChange.PolicyRemoved::new).ifPresent(changes::add);
      }
    }
    return apply(changes);
  }

  private @Nullable ResourceChange put(Scope scope, EncodedResource next) {
    EncodedResource before = of(scope).get(next.name());
    if (before != null && before.hash().equals(next.hash())) {
      return null;
    }
    index(next);
    of(scope).put(next.name(), next);
    if (before != null) {
      forget(before, next);
    }
    return new ResourceChange(scope, before, next);
  }

  private @Nullable ResourceChange remove(Scope scope, String name) {
    EncodedResource before = of(scope).remove(name);
    if (before == null) {
      return null;
    }
    forget(before, null);
    return new ResourceChange(scope, before, null);
  }

  private void index(EncodedResource next) {
    // An address has one owner but for the moment in which it is handed on.
    next.aliases().forEach(alias -> byAlias.merge(alias, List.of(next.name()), this::joined));
    next.services().forEach(service -> file(byService, service, next.name()));
    if (!next.node().isEmpty()) {
      file(byNode, next.node(), next.name());
    }
  }

  private void forget(EncodedResource before, @Nullable EncodedResource next) {
    for (String alias : before.aliases()) {
      if (next == null || !next.aliases().contains(alias)) {
        byAlias.computeIfPresent(alias, (_, names) -> without(names, before.name()));
      }
    }
    for (String service : before.services()) {
      if (next == null || !next.services().contains(service)) {
        unfile(byService, service, before.name());
      }
    }
    if (!before.node().isEmpty() && (next == null || !next.node().equals(before.node()))) {
      unfile(byNode, before.node(), before.name());
    }
  }

  private List<String> joined(List<String> names, List<String> more) {
    return names.containsAll(more) ? names : Stream.concat(names.stream(), more.stream()).toList();
  }

  private static @Nullable List<String> without(List<String> names, String name) {
    List<String> rest = names.stream().filter(each -> !each.equals(name)).toList();
    return rest.isEmpty() ? null : rest;
  }

  private static void file(Map<String, Collection<String>> index, String key, String name) {
    index.compute(
        key,
        (_, names) -> {
          Collection<String> all = names == null ? new ConcurrentSkipListSet<>() : names;
          all.add(name);
          return all;
        });
  }

  private static void unfile(Map<String, Collection<String>> index, String key, String name) {
    index.computeIfPresent(
        key,
        (_, names) -> {
          names.remove(name);
          return names.isEmpty() ? null : names;
        });
  }

  ConcurrentNavigableMap<String, EncodedResource> of(Scope scope) {
    return current.computeIfAbsent(scope, _ -> new ConcurrentSkipListMap<>());
  }

  Optional<EncodedResource> find(Scope scope, String name) {
    return Optional.ofNullable(of(scope).get(name));
  }

  /** How many resources of a type there are. */
  public int count(ResourceType type) {
    return switch (type) {
      case ADDRESS -> of(ADDRESSES).size();
      case AUTHORIZATION -> of(POLICIES).size();
      case OBJECT -> objects.size();
    };
  }

  /** Counts the changes since the start. */
  public long revision() {
    return revision;
  }

  /**
   * The names of the resources a client means by {@code asked}: a resource of that name, those with
   * that alias, and with each service its endpoints (spec: workload-xds §3). Empty when unknown.
   */
  Collection<String> resolve(Scope scope, String asked) {
    TreeSet<String> found = new TreeSet<>(byAlias.getOrDefault(asked, List.of()));
    if (of(scope).containsKey(asked)) {
      found.add(asked);
    }
    for (String name : List.copyOf(found)) {
      found.addAll(byService.getOrDefault(name, List.of()));
    }
    return found;
  }

  /** The names of the workloads on {@code node}. */
  Collection<String> on(String node) {
    return byNode.getOrDefault(node, List.of());
  }
}
