package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.config.Cluster;
import java.util.List;

/** One cluster, to look at. */
public record UpstreamRow(
    Cluster.Key cluster,
    int connections,
    int pending,
    int active,
    int retries,
    long total,
    long overflows,
    List<EndpointRow> endpoints) {
  public UpstreamRow {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * One endpoint of it.
   *
   * @param workload its namespace and name
   * @param healthy as the control plane says
   * @param failures errors it answered and tries that came to nothing
   * @param ejectedMillis how long it is left out at least from now; 0 when it takes part
   * @param priority 0 is most wanted; -1 is left out by a locality rule
   */
  public record EndpointRow(
      String uid,
      String workload,
      String address,
      boolean healthy,
      int connections,
      int active,
      long total,
      long failures,
      long connectFailures,
      long ejectedMillis,
      double weight,
      int priority) {}
}
