package dev.ambit.model.route;

import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** May this CONNECT be served by this pod, and at which address (spec: hbone §7.1, §7.2)? */
public final class InboundCheck {
  private final String network;

  public InboundCheck(String network) {
    this.network = network;
  }

  /** What the pod does with a request. */
  public sealed interface Answer {
    /**
     * Dial {@code application}.
     *
     * @param authorized what policies are asked about; differs from {@code application} behind a
     *     loopback application tunnel
     * @param tunnel how bytes are framed toward the application; null for raw
     */
    record Dial(
        InetSocketAddress authorized,
        InetSocketAddress application,
        @Nullable ApplicationTunnel tunnel)
        implements Answer {}

    /** Answer with the failure's status. */
    record Refuse(Failure failure, String reason) implements Answer {}
  }

  /**
   * @param local the workload of this pod
   * @param dialled the IP the tunnel connection was made to
   * @param authority {@code :authority} of the request, null when absent
   */
  public Answer check(
      MeshView view, Workload local, InetAddress dialled, @Nullable String authority) {
    throw new UnsupportedOperationException("check on network " + network);
  }
}
