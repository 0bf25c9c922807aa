package dev.ambit.model.route;

import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where an outbound connection goes. Decided once, when it is accepted (spec: hbone §5). */
public sealed interface Route {
  /** Plain TCP. {@code to} is null when the destination is outside the mesh. */
  record Direct(InetSocketAddress nextHop, Target to) implements Route {}

  /** One CONNECT stream to {@code nextHop}, asking it for {@code authority}. */
  record Tunnel(InetSocketAddress nextHop, String authority, Set<SpiffeId> peers, Target to)
      implements Route {}

  /**
   * A CONNECT stream inside a CONNECT stream, for a workload of another network; the outer one goes
   * to the gateway at {@code nextHop} and accepts {@code gatewayPeers}, the inner one {@code
   * peers}.
   */
  record DoubleTunnel(
      InetSocketAddress nextHop,
      String authority,
      Set<SpiffeId> gatewayPeers,
      Set<SpiffeId> peers,
      Target to)
      implements Route {}

  /** The view lacks {@code key} and a control plane could know it: ask, then route again. */
  record Unresolved(String key) implements Route {}

  /**
   * The chosen workload has a name only: resolve {@code hostname}, then {@link Router#resolved}.
   */
  record ResolveName(String hostname, int port, Target to) implements Route {}

  /** The connection must not be opened. */
  record Refused(Failure failure, String reason) implements Route {}

  /**
   * What was reached, for telemetry and explanation.
   *
   * @param service the service addressed, null when a pod or an unknown address was
   * @param workload the workload chosen, null when outside the mesh or left to a waypoint
   * @param viaWaypoint whether {@code workload} is a waypoint of the destination
   */
  record Target(@Nullable Service service, @Nullable Workload workload, boolean viaWaypoint) {
    public static final Target UNKNOWN = new Target(null, null, false);
  }
}
