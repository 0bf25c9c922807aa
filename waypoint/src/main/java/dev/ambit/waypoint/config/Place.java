package dev.ambit.waypoint.config;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.waypoint.PolicyAttachment;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

  /** As a mesh configuration has it; unchanged without one. */
  Place configured(@Nullable MeshConfig config) {
    if (config == null) {
      return this;
    }
    Set<String> domains = new HashSet<>(mesh.trustDomains());
    domains.addAll(config.trustDomainAliases());
    Set<String> providers = new HashSet<>(mesh.providers());
    for (ExtensionProvider each : config.providers()) {
      if (each.kind() instanceof ExtensionProvider.GrpcAuthorization
          || each.kind() instanceof ExtensionProvider.HttpAuthorization) {
        providers.add(each.name());
      }
    }
    Mesh configured =
        new Mesh(
            domains, mesh.rootNamespace(), mesh.clusterDomain(), providers, mesh.manyProviders());
    return new Place(namespace, gateway, className, network, configured);
  }

  Place withClass(String name) {
    return new Place(namespace, gateway, name, network, mesh);
  }
}
