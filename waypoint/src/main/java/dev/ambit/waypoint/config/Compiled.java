package dev.ambit.waypoint.config;

import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What was compiled, with what it was made of: it is used again by any snapshot in which that is
 * still the same. Thread-safe; two threads may compile the same twice.
 */
final class Compiled {
  private final Map<DestinationKey, OfDestination> destinations = new ConcurrentHashMap<>();
  private final Map<Cluster.Key, OfCluster> clusters = new ConcurrentHashMap<>();

  /** {@code service} is null for a workload. */
  record DestinationKey(@Nullable ServiceKey service, String uid, int port) {}

  private record OfDestination(RouteCompilation routes, Object called, Destination destination) {}

  /**
   * What a cluster is made of.
   *
   * @param members one list as long as they stay the same
   */
  record Parts(ObjectIndex objects, Service service, List<Workload> members) {
    boolean same(Parts other) {
      return objects == other.objects && service == other.service && members == other.members;
    }
  }

  private record OfCluster(Parts parts, Optional<Cluster> cluster) {}

  Destination destination(
      DestinationKey key, RouteCompilation routes, Object called, Supplier<Destination> made) {
    OfDestination known = destinations.get(key);
    if (known != null && known.routes() == routes && known.called() == called) {
      return known.destination();
    }
    Destination destination = made.get();
    destinations.put(key, new OfDestination(routes, called, destination));
    return destination;
  }

  Optional<Cluster> cluster(Cluster.Key key, Parts parts, Supplier<Optional<Cluster>> made) {
    OfCluster known = clusters.get(key);
    if (known != null && known.parts().same(parts)) {
      return known.cluster();
    }
    Optional<Cluster> cluster = made.get();
    clusters.put(key, new OfCluster(parts, cluster));
    return cluster;
  }

  /** Forgets what is of services and workloads that are gone. */
  void retain(Predicate<ServiceKey> services, Predicate<String> uids) {
    destinations.keySet().removeIf(key -> !isThere(key.service(), key.uid(), services, uids));
    clusters.keySet().removeIf(key -> !isThere(key.service(), key.uid(), services, uids));
  }

  private static boolean isThere(
      @Nullable ServiceKey service,
      String uid,
      Predicate<ServiceKey> services,
      Predicate<String> uids) {
    return service == null ? uids.test(uid) : services.test(service);
  }
}
