package dev.ambit.controller.translate;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.ServiceEntry;
import dev.ambit.model.workload.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What must be known of all ServiceEntries together: which one stands for a host, and the virtual
 * IPs of those that have none of their own (spec: control-plane §2). The older one wins, so a new
 * entry never takes a host or an address from another. Immutable.
 */
record EntryPlan(Map<String, List<Planned>> byNamespace) {
  static final EntryPlan EMPTY = new EntryPlan(Map.of());

  private static final Comparator<ServiceEntry> OLDEST_FIRST =
      Comparator.comparing((ServiceEntry each) -> each.metadata().created())
          .thenComparing(each -> each.metadata().namespace())
          .thenComparing(each -> each.metadata().name());

  EntryPlan {
    byNamespace = Map.copyOf(byNamespace);
  }

  /**
   * One host of one entry.
   *
   * @param canonical whether it wins where several namespaces know the host
   * @param allocated virtual IPs; empty when the entry has its own or can have none
   */
  record Planned(ServiceEntry entry, String host, boolean canonical, List<InetAddress> allocated) {
    Planned {
      allocated = List.copyOf(allocated);
    }
  }

  /** Those of {@code namespace}, oldest first. */
  List<Planned> in(String namespace) {
    return byNamespace.getOrDefault(namespace, List.of());
  }

  static EntryPlan of(ClusterInput input, String clusterDomain) {
    List<ServiceEntry> all = new ArrayList<>();
    for (NamespaceObjects objects : input.namespaces().values()) {
      all.addAll(objects.all(ServiceEntry.class));
    }
    if (all.isEmpty()) {
      return EMPTY;
    }
    all.removeIf(ServiceEntry::nobody);
    all.sort(OLDEST_FIRST);
    Set<String> seen = new HashSet<>();
    Set<String> visible = new HashSet<>();
    VirtualAddresses addresses = new VirtualAddresses();
    all.forEach(addresses::take);
    Map<String, List<Planned>> planned = new HashMap<>();
    for (ServiceEntry entry : all) {
      String namespace = entry.metadata().namespace();
      for (String host : entry.hosts()) {
        boolean ofCluster = isService(input, host, clusterDomain);
        boolean ofOwn = ofCluster && host.endsWith("." + namespace + ".svc." + clusterDomain);
        if (ofOwn || !seen.add(namespace + "/" + host)) {
          continue;
        }
        boolean canonical = !ofCluster && !entry.ownNamespaceOnly() && visible.add(host);
        planned
            .computeIfAbsent(namespace, _ -> new ArrayList<>())
            .add(new Planned(entry, host, canonical, addresses.of(entry, host)));
      }
    }
    planned.replaceAll((_, list) -> List.copyOf(list));
    return new EntryPlan(planned);
  }

  private static boolean isService(ClusterInput input, String host, String clusterDomain) {
    String end = ".svc." + clusterDomain;
    if (!host.endsWith(end)) {
      return false;
    }
    String[] parts = host.substring(0, host.length() - end.length()).split("\\.", -1);
    return parts.length == 2 && input.in(parts[1]).services().containsKey(parts[0]);
  }

  /** Addresses of the pools of Istio: the same host has the same as long as it is free. */
  private static final class VirtualAddresses {
    private static final int SLOTS = 1 << 16;

    private final Set<InetAddress> taken = new HashSet<>();

    /** Those an entry has in its status are nobody else's. */
    void take(ServiceEntry entry) {
      entry.assigned().values().forEach(each -> each.forEach(this::take));
    }

    private void take(String address) {
      IpAddresses.parse(address).ifPresent(taken::add);
    }

    List<InetAddress> of(ServiceEntry entry, String host) {
      boolean wild = host.startsWith("*.");
      boolean dynamic = entry.resolution() == ServiceEntry.Resolution.DYNAMIC_DNS;
      if (!entry.addresses().isEmpty()
          || entry.resolution() == ServiceEntry.Resolution.NONE
          || (wild && !dynamic)) {
        return List.of();
      }
      List<String> assigned = entry.assigned().getOrDefault(host, List.of());
      if (!assigned.isEmpty()) {
        return assigned.stream().map(IpAddresses::parse).flatMap(Optional::stream).toList();
      }
      int first = Math.floorMod((entry.metadata().namespace() + "/" + host).hashCode(), SLOTS);
      for (int i = 0; i < SLOTS; i++) {
        int slot = (first + i) % SLOTS;
        InetAddress four =
            IpAddresses.of(new byte[] {(byte) 240, (byte) 240, (byte) (slot >> 8), (byte) slot});
        boolean usable = slot != 0 && slot != SLOTS - 1;
        if (usable && taken.add(four)) {
          return List.of(four, six(slot));
        }
      }
      return List.of();
    }

    private static InetAddress six(int slot) {
      byte[] address = new byte[16];
      address[0] = 0x20;
      address[1] = 0x01;
      address[3] = 0x02;
      address[14] = (byte) (slot >> 8);
      address[15] = (byte) slot;
      return IpAddresses.of(address);
    }
  }
}
