package dev.ambit.waypoint.config;

import dev.ambit.model.http.RouteAction;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.route.Authority;
import java.util.Optional;

/** A waypoint that does not know all its policies yet: it serves nobody. */
record Unprogrammed(MeshView mesh) implements Snapshot {
  @Override
  public Optional<MeshConfig> meshConfig() {
    return Optional.empty();
  }

  @Override
  public Optional<Destination> destination(Authority authority) {
    return Optional.empty();
  }

  @Override
  public Optional<Cluster> cluster(RouteAction.Cluster named, Destination asked) {
    return Optional.empty();
  }

  @Override
  public Optional<Cluster> backend(String host, int port) {
    return Optional.empty();
  }
}
