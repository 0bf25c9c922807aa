package dev.ambit.controller.xds;

import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
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
  private final Encoder encoder;
  private final Map<ResourceType, ConcurrentNavigableMap<String, EncodedResource>> current =
      new EnumMap<>(ResourceType.class);
  private final Map<String, List<String>> byAlias = new ConcurrentHashMap<>();
  private final Map<String, Collection<String>> byService = new ConcurrentHashMap<>();
  private final Map<String, Collection<String>> byNode = new ConcurrentHashMap<>();
  private volatile long revision;

  /** Serialises records; the wire package's part. */
  public interface Encoder {
    EncodedResource encode(Workload workload);

    EncodedResource encode(Service service);

    EncodedResource encode(Policy policy);
  }

  public VersionedResources(Encoder encoder) {
    this.encoder = encoder;
    for (ResourceType type : ResourceType.values()) {
      current.put(type, new ConcurrentSkipListMap<>());
    }
  }

  /** Applies {@code changes} in order and answers what really differs. The writer's only. */
  List<ResourceChange> apply(List<MeshChange> changes) {
    List<ResourceChange> applied = new ArrayList<>();
    for (MeshChange change : changes) {
      ResourceChange one =
          switch (change) {
            case MeshChange.WorkloadPut put ->
                put(ResourceType.ADDRESS, encoder.encode(put.workload()));
            case MeshChange.ServicePut put ->
                put(ResourceType.ADDRESS, encoder.encode(put.service()));
            case MeshChange.PolicyPut put ->
                put(ResourceType.AUTHORIZATION, encoder.encode(put.policy()));
            case MeshChange.AddressRemoved gone -> remove(ResourceType.ADDRESS, gone.name());
            case MeshChange.PolicyRemoved gone ->
                remove(ResourceType.AUTHORIZATION, gone.key().toString());
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
    for (String name : of(ResourceType.ADDRESS).keySet()) {
      if (!names.contains(name)) {
        changes.add(new MeshChange.AddressRemoved(name));
      }
    }
    for (String name : of(ResourceType.AUTHORIZATION).keySet()) {
      if (!names.contains(name)) {
        PolicyKey.parse(name).map(MeshChange.PolicyRemoved::new).ifPresent(changes::add);
      }
    }
    return apply(changes);
  }

  private @Nullable ResourceChange put(ResourceType type, EncodedResource next) {
    EncodedResource before = of(type).get(next.name());
    if (before != null && before.hash().equals(next.hash())) {
      return null;
    }
    index(next);
    of(type).put(next.name(), next);
    if (before != null) {
      forget(before, next);
    }
    return new ResourceChange(type, before, next);
  }

  private @Nullable ResourceChange remove(ResourceType type, String name) {
    EncodedResource before = of(type).remove(name);
    if (before == null) {
      return null;
    }
    forget(before, null);
    return new ResourceChange(type, before, null);
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

  ConcurrentNavigableMap<String, EncodedResource> of(ResourceType type) {
    ConcurrentNavigableMap<String, EncodedResource> resources = current.get(type);
    if (resources == null) {
      throw new IllegalStateException("resource type: got " + type + ", expected a served one");
    }
    return resources;
  }

  Optional<EncodedResource> find(ResourceType type, String name) {
    return Optional.ofNullable(of(type).get(name));
  }

  /** How many resources of a type there are. */
  public int count(ResourceType type) {
    return of(type).size();
  }

  /** Counts the changes since the start. */
  public long revision() {
    return revision;
  }

  /**
   * The names of the resources a client means by {@code asked}: a resource of that name, those with
   * that alias, and with each service its endpoints (spec: workload-xds §3). Empty when unknown.
   */
  Collection<String> resolve(ResourceType type, String asked) {
    TreeSet<String> found = new TreeSet<>(byAlias.getOrDefault(asked, List.of()));
    if (of(type).containsKey(asked)) {
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
