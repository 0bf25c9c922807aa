package dev.ambit.waypoint.upstream;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;

/**
 * Where this waypoint is and who it is.
 *
 * @param address it connects from
 * @param node its name, "" when not known
 */
public record Here(
    SpiffeId identity, InetAddress address, Locality locality, String network, String node) {
  /** What its own workload says of it. */
  public static Here of(Workload own, InetAddress address) {
    return new Here(own.identity(), address, own.locality(), own.network(), own.node());
  }
}
