package dev.ambit.waypoint.config;

import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.route.Authority;
import java.util.List;
import java.util.Optional;

/** Everything the waypoint goes by at one moment. Immutable; any thread. */
public interface Snapshot {
  MeshView mesh();

  /** The mesh configuration, when there is one. */
  Optional<MeshConfig> meshConfig();

  /** Those whom policies may ask, as the mesh is configured. */
  default List<ExtensionProvider> providers() {
    return meshConfig().map(MeshConfig::providers).orElse(List.of());
  }

  /** How paths are made plain; empty when the mesh does not say. */
  default Optional<PathNormalization> normalization() {
    return meshConfig().map(config -> PathNormalization.valueOf(config.pathNormalization()));
  }

  /** What {@code authority}, the target of a CONNECT, names; empty when it is not ours to serve. */
  Optional<Destination> destination(Authority authority);

  /** The endpoints and traffic policy behind a route; empty when it names no service or subset. */
  Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked);

  /**
   * Whom the mesh's configuration or a URL means by {@code host}, which may be {@code
   * namespace/host}: the mesh's service, else whom DNS knows by that name outside of it. Empty when
   * the service has no such port, or would be one of the mesh if there were one. What it speaks is
   * for whoever asks to know.
   */
  Optional<Cluster> backend(String host, int port);

  /** Whether each request to {@code named} says the name of its endpoint by itself. */
  default boolean isDynamic(RouteAction.Cluster named) {
    return false;
  }

  /**
   * The endpoint that a request for {@code authority} names, of a service for which that {@link
   * #isDynamic}; empty when it names none of the service's hosts.
   */
  default Optional<Cluster> named(RouteAction.Cluster named, Destination asked, String authority) {
    return cluster(named, asked);
  }

  /**
   * Whether services are told who calls, in {@code x-forwarded-client-cert}, as the waypoint's
   * Gateway may ask (spec: l7-telemetry §5).
   */
  default boolean tellsCallers() {
    return false;
  }
}
