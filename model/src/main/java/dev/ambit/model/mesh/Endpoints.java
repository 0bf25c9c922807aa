package dev.ambit.model.mesh;

import dev.ambit.model.workload.LoadBalancing.HealthPolicy;
import dev.ambit.model.workload.Workload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The workloads that name one service, whether the service is known yet or not (spec: workload-xds
 * §6). Immutable; any thread.
 */
final class Endpoints {
  static final Endpoints NONE = new Endpoints(TrieMap.empty());

  private final TrieMap<String, Workload> byUid;

  /** Made on first use: a list is read per connection and changes only with the endpoints. */
  private @Nullable List<Workload> all;

  private @Nullable List<Workload> healthy;

  private Endpoints(TrieMap<String, Workload> byUid) {
    this.byUid = byUid;
  }

  Endpoints with(Workload workload) {
    return new Endpoints(byUid.with(workload.uid(), workload));
  }

  Endpoints without(String uid) {
    TrieMap<String, Workload> rest = byUid.without(uid);
    return rest == byUid ? this : new Endpoints(rest);
  }

  boolean isEmpty() {
    return byUid.size() == 0;
  }

  List<Workload> usable(HealthPolicy health) {
    return switch (health) {
      case ALLOW_ALL -> all();
      case ONLY_HEALTHY -> healthy();
    };
  }

  // Two threads may both make a list; they are equal and safe to publish, so either will do.
  private List<Workload> all() {
    List<Workload> known = all;
    if (known == null) {
      known = List.copyOf(byUid.values());
      all = known;
    }
    return known;
  }

  private List<Workload> healthy() {
    List<Workload> known = healthy;
    if (known == null) {
      List<Workload> everyone = all();
      known =
          everyone.stream().allMatch(Endpoints::isHealthy)
              ? everyone
              : everyone.stream().filter(Endpoints::isHealthy).toList();
      healthy = known;
    }
    return known;
  }

  private static boolean isHealthy(Workload workload) {
    return workload.status() == Workload.Status.HEALTHY;
  }
}
