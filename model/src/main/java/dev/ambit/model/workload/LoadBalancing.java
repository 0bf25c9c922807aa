package dev.ambit.model.workload;

import java.util.List;

/** How endpoints of a service are chosen (spec: workload-xds §7). */
public record LoadBalancing(List<Scope> preference, Mode mode, HealthPolicy health) {
  public static final LoadBalancing DEFAULT =
      new LoadBalancing(List.of(), Mode.UNSPECIFIED, HealthPolicy.ONLY_HEALTHY);

  public LoadBalancing {
    preference = List.copyOf(preference);
  }

  /** One field in which an endpoint may equal the client. */
  public enum Scope {
    REGION,
    ZONE,
    SUBZONE,
    NODE,
    CLUSTER,
    NETWORK
  }

  /** Whether the preference is absent, required, preferred, or nothing is chosen at all. */
  public enum Mode {
    UNSPECIFIED,
    STRICT,
    FAILOVER,
    PASSTHROUGH
  }

  /** Whether unhealthy endpoints take part. */
  public enum HealthPolicy {
    ONLY_HEALTHY,
    ALLOW_ALL
  }
}
