package dev.ambit.controller.deploy;

import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Pod;
import dev.ambit.model.workload.IpAddresses;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Free addresses in the ranges that are in use already: the /24 or /112 that most of the like have.
 * What is asked for by the same name gets the same address, as far as it is free. For one thread.
 */
final class AddressPool {
  private static final List<String> SERVICES = List.of("10.96.200.1", "fd00:10:96:c8::1");

  private final Set<InetAddress> taken = new HashSet<>();
  private final List<InetAddress> virtual;
  private final List<Pod> pods;

  AddressPool(Collection<? extends ClusterObject> written) {
    this.virtual =
        written.stream()
            .filter(KubernetesService.class::isInstance)
            .flatMap(each -> ((KubernetesService) each).clusterIps().stream())
            .toList();
    this.pods =
        written.stream()
            .filter(Pod.class::isInstance)
            .map(Pod.class::cast)
            .filter(pod -> !pod.hostNetwork())
            .toList();
    taken.addAll(virtual);
    pods.forEach(pod -> taken.addAll(pod.addresses()));
  }

  /** Takes {@code addresses} unless one of them is somebody's. */
  boolean take(List<InetAddress> addresses) {
    if (addresses.isEmpty() || addresses.stream().anyMatch(taken::contains)) {
      return false;
    }
    taken.addAll(addresses);
    return true;
  }

  /** Addresses for the service {@code name}: one of each family that services have. */
  List<InetAddress> service(String name) {
    List<InetAddress> like =
        virtual.isEmpty() ? List.of(InetAddress.ofLiteral(SERVICES.getFirst())) : virtual;
    return ofEachFamily(like, name);
  }

  /**
   * Addresses for the pod {@code name} on {@code node}: one of each family that pods there have.
   */
  List<InetAddress> pod(String name, String node) {
    List<InetAddress> like =
        pods.stream()
            .filter(pod -> pod.node().equals(node))
            .flatMap(pod -> pod.addresses().stream())
            .toList();
    return ofEachFamily(like, name);
  }

  /** None when one of the ranges is full. */
  private List<InetAddress> ofEachFamily(List<InetAddress> like, String name) {
    List<Optional<InetAddress>> found =
        List.of(true, false).stream()
            .map(four -> like.stream().filter(each -> ipv4(each) == four).toList())
            .filter(family -> !family.isEmpty())
            .map(family -> free(family, name))
            .toList();
    if (found.isEmpty() || found.stream().anyMatch(Optional::isEmpty)) {
      return List.of();
    }
    List<InetAddress> addresses = found.stream().flatMap(Optional::stream).toList();
    taken.addAll(addresses);
    return addresses;
  }

  /** The upper half of a range first: people count from below. */
  private Optional<InetAddress> free(List<InetAddress> like, String name) {
    byte[] prefix = mostCommonPrefix(like);
    int bytes = prefix.length == 3 ? 1 : 2;
    int size = 1 << 8 * bytes;
    int last = size - 2;
    int half = size / 2;
    int first = half + Math.floorMod(name.hashCode(), half - 1);
    for (int i = 0; i < last; i++) {
      int number = (first - 1 + i) % last + 1;
      byte[] address = Arrays.copyOf(prefix, prefix.length + bytes);
      address[address.length - 1] = (byte) number;
      if (bytes == 2) {
        address[address.length - 2] = (byte) (number >> 8);
      }
      InetAddress candidate = IpAddresses.of(address);
      if (!taken.contains(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static byte[] mostCommonPrefix(List<InetAddress> like) {
    Map<String, Integer> counts = new TreeMap<>();
    Map<String, byte[]> prefixes = new TreeMap<>();
    for (InetAddress each : like) {
      byte[] all = each.getAddress();
      byte[] prefix = Arrays.copyOf(all, all.length - (all.length == 4 ? 1 : 2));
      String key = Arrays.toString(prefix);
      counts.merge(key, 1, Integer::sum);
      prefixes.put(key, prefix);
    }
    int most = counts.values().stream().max(Integer::compare).orElseThrow();
    return counts.entrySet().stream()
        .filter(each -> each.getValue() == most)
        .map(each -> prefixes.get(each.getKey()))
        .flatMap(prefix -> Optional.ofNullable(prefix).stream())
        .findFirst()
        .orElseThrow();
  }

  private static boolean ipv4(InetAddress address) {
    return address instanceof Inet4Address;
  }
}
