package dev.ambit.model.mesh;

import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Service.NetworkBlock;
import dev.ambit.model.workload.ServiceKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Services by key, hostname, virtual IP and virtual block (spec: workload-xds §6). Immutable.
 *
 * @param withBlocks the services that have blocks; few, so they are searched one by one
 */
record ServiceIndex(
    TrieMap<ServiceKey, Service> byKey,
    TrieMap<NetworkAddress, List<Service>> byAddress,
    TrieMap<String, List<Service>> byHostname,
    List<Service> withBlocks) {

  static final ServiceIndex EMPTY =
      new ServiceIndex(TrieMap.empty(), TrieMap.empty(), TrieMap.empty(), List.of());

  private static final Comparator<Service> BY_KEY =
      Comparator.comparing(Service::namespace).thenComparing(Service::hostname);

  @Nullable Service named(ServiceKey key) {
    return byKey.get(key);
  }

  Collection<Service> all() {
    return byKey.values();
  }

  @Nullable Service called(String hostname, String clientNamespace) {
    return best(byHostname.get(hostname, List.of()), clientNamespace);
  }

  /** Exact addresses first; blocks only when no service with the exact one may be seen. */
  @Nullable Service at(NetworkAddress address, String clientNamespace) {
    Service exact = best(byAddress.get(address, List.of()), clientNamespace);
    return exact != null || withBlocks.isEmpty() ? exact : covering(address, clientNamespace);
  }

  private static @Nullable Service best(List<Service> services, String clientNamespace) {
    Service best = null;
    for (Service service : services) {
      if (!isVisible(service, clientNamespace)) {
        continue;
      }
      if (service.namespace().equals(clientNamespace)) {
        return service;
      }
      if (best == null || (service.canonical() && !best.canonical())) {
        best = service;
      }
    }
    return best;
  }

  private @Nullable Service covering(NetworkAddress address, String clientNamespace) {
    Service best = null;
    int bestLength = -1;
    for (Service service : withBlocks) {
      int length = prefixCovering(service, address);
      if (length < 0 || !isVisible(service, clientNamespace)) {
        continue;
      }
      if (best == null || isBetter(service, length, best, bestLength, clientNamespace)) {
        best = service;
        bestLength = length;
      }
    }
    return best;
  }

  private static boolean isBetter(
      Service one, int length, Service other, int otherLength, String clientNamespace) {
    boolean here = one.namespace().equals(clientNamespace);
    boolean otherHere = other.namespace().equals(clientNamespace);
    if (here != otherHere) {
      return here;
    }
    return length != otherLength ? length > otherLength : one.canonical() && !other.canonical();
  }

  /** The longest prefix of {@code service} that covers {@code address}; -1 when none does. */
  private static int prefixCovering(Service service, NetworkAddress address) {
    int longest = -1;
    for (NetworkBlock block : service.blocks()) {
      if (block.network().equals(address.network()) && block.block().contains(address.address())) {
        longest = Math.max(longest, block.block().prefixLength());
      }
    }
    return longest;
  }

  private static boolean isVisible(Service service, String clientNamespace) {
    return switch (service.visibility()) {
      case PUBLIC -> true;
      case NAMESPACE -> service.namespace().equals(clientNamespace);
    };
  }

  ServiceIndex with(Service service) {
    Service old = byKey.get(service.key());
    if (service.equals(old)) {
      return this;
    }
    ServiceIndex rest = old == null ? this : without(old);
    TrieMap<NetworkAddress, List<Service>> addresses = rest.byAddress;
    for (NetworkAddress address : exactAddresses(service)) {
      addresses = addresses.with(address, inserted(addresses.get(address, List.of()), service));
    }
    String host = service.hostname();
    return new ServiceIndex(
        rest.byKey.with(service.key(), service),
        addresses,
        rest.byHostname.with(host, inserted(rest.byHostname.get(host, List.of()), service)),
        hasWideBlock(service) ? inserted(rest.withBlocks, service) : rest.withBlocks);
  }

  ServiceIndex without(Service service) {
    TrieMap<NetworkAddress, List<Service>> addresses = byAddress;
    for (NetworkAddress address : exactAddresses(service)) {
      addresses = removed(addresses, address, service);
    }
    return new ServiceIndex(
        byKey.without(service.key()),
        addresses,
        removed(byHostname, service.hostname(), service),
        hasWideBlock(service) ? removed(withBlocks, service) : withBlocks);
  }

  /** A block as wide as an address is an exact address. */
  private static List<NetworkAddress> exactAddresses(Service service) {
    List<NetworkAddress> exact = new ArrayList<>(service.addresses());
    for (NetworkBlock block : service.blocks()) {
      if (block.block().isSingle()) {
        exact.add(new NetworkAddress(block.network(), block.block().address()));
      }
    }
    return exact;
  }

  private static boolean hasWideBlock(Service service) {
    return service.blocks().stream().anyMatch(block -> !block.block().isSingle());
  }

  /** In the order of keys, so that the order of arrival does not decide. */
  private static List<Service> inserted(List<Service> others, Service service) {
    List<Service> all = new ArrayList<>(removed(others, service));
    all.add(service);
    all.sort(BY_KEY);
    return List.copyOf(all);
  }

  private static List<Service> removed(List<Service> services, Service service) {
    return services.stream().filter(other -> !other.key().equals(service.key())).toList();
  }

  private static <K> TrieMap<K, List<Service>> removed(
      TrieMap<K, List<Service>> index, K key, Service service) {
    List<Service> rest = removed(index.get(key, List.of()), service);
    return rest.isEmpty() ? index.without(key) : index.with(key, rest);
  }
}
