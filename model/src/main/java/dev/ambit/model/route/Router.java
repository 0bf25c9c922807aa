package dev.ambit.model.route;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.random.RandomGenerator;

/** Decides where a captured outbound connection goes (spec: hbone §5). */
public final class Router {
  private final String network;

  /**
   * @param network the network this proxy is configured for, "" in a mesh with one only
   */
  public Router(String network) {
    this.network = network;
  }

  /**
   * @param source the workload whose connection was captured
   * @param client its address on this connection
   * @param destination the original destination
   */
  public Route route(
      MeshView view,
      Workload source,
      InetAddress client,
      InetSocketAddress destination,
      RandomGenerator random) {
    throw new UnsupportedOperationException("route on network " + network);
  }
}
