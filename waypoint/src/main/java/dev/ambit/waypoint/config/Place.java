package dev.ambit.waypoint.config;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.waypoint.PolicyAttachment;
import java.util.Set;

/**
 * Which waypoint this is, and what holds for its mesh.
 *
 * @param gateway name of its Gateway object
 * @param className of that object
 * @param network of its cluster, "" for the only one
 */
public record Place(String namespace, String gateway, String className, String network, Mesh mesh) {

  /**
   * What holds for the mesh.
   *
   * @param trustDomains its own and its aliases
   * @param providers of external authorization that policies may name
   */
  public record Mesh(
      Set<String> trustDomains,
      String rootNamespace,
      String clusterDomain,
      Set<String> providers,
      boolean manyProviders) {
    public static final Mesh DEFAULT =
        new Mesh(
            Set.of(SpiffeId.DEFAULT_TRUST_DOMAIN),
            "istio-system",
            "cluster.local",
            Set.of(),
            false);

    public Mesh {
      trustDomains = Set.copyOf(trustDomains);
      providers = Set.copyOf(providers);
    }
  }

  /** The waypoint {@code gateway} of {@code namespace} in a mesh that chose nothing. */
  public static Place of(String namespace, String gateway) {
    return new Place(namespace, gateway, "ambit-waypoint", "", Mesh.DEFAULT);
  }

  /** As policies see it. */
  PolicyAttachment.Place attachment() {
    return new PolicyAttachment.Place(namespace, gateway, className);
  }

  Place withClass(String name) {
    return new Place(namespace, gateway, name, network, mesh);
  }
}
