package dev.ambit.model.mesh;

import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Workloads by everything they are looked up by (spec: workload-xds §6). Several may share an
 * address or a name: the first of a list is the preferred one. Immutable.
 */
record WorkloadIndex(
    TrieMap<String, Workload> byUid,
    TrieMap<NetworkAddress, List<Workload>> byAddress,
    TrieMap<PodName, List<Workload>> byPod,
    TrieMap<ServiceKey, List<Workload>> byHostname,
    TrieMap<ServiceKey, Endpoints> byService) {

  static final WorkloadIndex EMPTY =
      new WorkloadIndex(
          TrieMap.empty(), TrieMap.empty(), TrieMap.empty(), TrieMap.empty(), TrieMap.empty());

  /** What the node agent knows of a pod. */
  record PodName(String namespace, String name, String serviceAccount) {}

  @Nullable Workload named(String uid) {
    return byUid.get(uid);
  }

  @Nullable Workload at(NetworkAddress address) {
    return first(byAddress, address);
  }

  @Nullable Workload pod(PodName name) {
    return first(byPod, name);
  }

  /** The workload without an address that has {@code key}'s hostname in its namespace. */
  @Nullable Workload behind(ServiceKey key) {
    return first(byHostname, key);
  }

  Collection<Workload> all() {
    return byUid.values();
  }

  private static <K> @Nullable Workload first(TrieMap<K, List<Workload>> index, K key) {
    List<Workload> found = index.get(key);
    return found == null ? null : found.getFirst();
  }

  WorkloadIndex with(Workload workload) {
    Workload old = byUid.get(workload.uid());
    if (workload.equals(old)) {
      return this;
    }
    WorkloadIndex rest = old == null ? this : without(old);
    return new WorkloadIndex(
        rest.byUid.with(workload.uid(), workload),
        added(rest.byAddress, addresses(workload), workload),
        added(rest.byPod, podNames(workload), workload),
        added(rest.byHostname, hostnames(workload), workload),
        joined(rest.byService, workload));
  }

  WorkloadIndex without(Workload workload) {
    return new WorkloadIndex(
        byUid.without(workload.uid()),
        removed(byAddress, addresses(workload), workload),
        removed(byPod, podNames(workload), workload),
        removed(byHostname, hostnames(workload), workload),
        left(byService, workload));
  }

  private static List<NetworkAddress> addresses(Workload workload) {
    if (workload.networkMode() == Workload.NetworkMode.HOST_NETWORK) {
      return List.of();
    }
    List<NetworkAddress> keys = new ArrayList<>(workload.addresses().size());
    for (InetAddress ip : workload.addresses()) {
      keys.add(new NetworkAddress(workload.network(), ip));
    }
    return keys;
  }

  private static List<PodName> podNames(Workload workload) {
    return List.of(new PodName(workload.namespace(), workload.name(), workload.serviceAccount()));
  }

  private static List<ServiceKey> hostnames(Workload workload) {
    return workload.hostname().isEmpty()
        ? List.of()
        : List.of(new ServiceKey(workload.namespace(), workload.hostname()));
  }

  private static <K> TrieMap<K, List<Workload>> added(
      TrieMap<K, List<Workload>> index, List<K> keys, Workload workload) {
    TrieMap<K, List<Workload>> result = index;
    for (K key : keys) {
      result = result.with(key, inserted(result.get(key, List.of()), workload));
    }
    return result;
  }

  private static <K> TrieMap<K, List<Workload>> removed(
      TrieMap<K, List<Workload>> index, List<K> keys, Workload workload) {
    TrieMap<K, List<Workload>> result = index;
    for (K key : keys) {
      List<Workload> rest =
          result.get(key, List.of()).stream()
              .filter(other -> !other.uid().equals(workload.uid()))
              .toList();
      result = rest.isEmpty() ? result.without(key) : result.with(key, rest);
    }
    return result;
  }

  /** Higher ranks first; equal ones by uid, so that the order of arrival does not decide. */
  private static List<Workload> inserted(List<Workload> others, Workload workload) {
    if (others.isEmpty()) {
      return List.of(workload);
    }
    List<Workload> all = new ArrayList<>(others);
    all.removeIf(other -> other.uid().equals(workload.uid()));
    int at = 0;
    while (at < all.size() && comesBefore(all.get(at), workload)) {
      at++;
    }
    all.add(at, workload);
    return List.copyOf(all);
  }

  private static boolean comesBefore(Workload one, Workload other) {
    int ranks = Integer.compare(rank(other), rank(one));
    return ranks < 0 || (ranks == 0 && one.uid().compareTo(other.uid()) < 0);
  }

  private static int rank(Workload workload) {
    return (workload.uid().contains("//Pod/") ? 2 : 0)
        + (workload.tunnel() == Workload.Tunnel.HBONE ? 1 : 0);
  }

  private static TrieMap<ServiceKey, Endpoints> joined(
      TrieMap<ServiceKey, Endpoints> index, Workload workload) {
    TrieMap<ServiceKey, Endpoints> result = index;
    for (ServiceKey key : workload.services().keySet()) {
      result = result.with(key, result.get(key, Endpoints.NONE).with(workload));
    }
    return result;
  }

  private static TrieMap<ServiceKey, Endpoints> left(
      TrieMap<ServiceKey, Endpoints> index, Workload workload) {
    TrieMap<ServiceKey, Endpoints> result = index;
    for (ServiceKey key : workload.services().keySet()) {
      Endpoints rest = result.get(key, Endpoints.NONE).without(workload.uid());
      result = rest.isEmpty() ? result.without(key) : result.with(key, rest);
    }
    return result;
  }
}
