package dev.ambit.controller.translate;

import dev.ambit.daemon.Settings;
import dev.ambit.model.identity.SpiffeId;

/**
 * What holds for the whole mesh.
 *
 * @param rootNamespace where mesh-wide policies live
 * @param dryRunPolicies whether policies marked {@code istio.io/dry-run} are sent at all: a client
 *     too old to know the mark would enforce them (spec: l4-authorization §4)
 * @param requireWaypoint whether a pod that has a waypoint takes connections from nobody else
 */
public record MeshSettings(
    String trustDomain,
    String clusterId,
    String clusterDomain,
    String rootNamespace,
    boolean dryRunPolicies,
    boolean requireWaypoint) {
  /** One in which waypoints may be passed by. */
  public MeshSettings(
      String trustDomain,
      String clusterId,
      String clusterDomain,
      String rootNamespace,
      boolean dryRunPolicies) {
    this(trustDomain, clusterId, clusterDomain, rootNamespace, dryRunPolicies, false);
  }

  /** A mesh that chose nothing. */
  public static final MeshSettings DEFAULT =
      new MeshSettings(
          SpiffeId.DEFAULT_TRUST_DOMAIN, "Kubernetes", "cluster.local", "istio-system", false);

  public static MeshSettings from(Settings settings) {
    return new MeshSettings(
        settings.text("TRUST_DOMAIN", DEFAULT.trustDomain()),
        settings.text("CLUSTER_ID", DEFAULT.clusterId()),
        settings.text("CLUSTER_DOMAIN", DEFAULT.clusterDomain()),
        settings.text("ROOT_NAMESPACE", DEFAULT.rootNamespace()),
        settings.flag("AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY", DEFAULT.dryRunPolicies()),
        settings.flag("REQUIRE_WAYPOINT", DEFAULT.requireWaypoint()));
  }
}
