package dev.ambit.model.route;

import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * May this CONNECT be served by this pod, and at which address (spec: hbone §7.1, §7.2)? Any
 * thread.
 */
public final class InboundCheck {
  private final String network;
  private final TunnelTo tunnelTo;

  public InboundCheck(String network) {
    this(network, TunnelTo.LOOPBACK);
  }

  /**
   * @param network the network this proxy is configured for
   * @param tunnelTo where the application of a PROXY tunnel listens (LOCALHOST_APP_TUNNEL)
   */
  public InboundCheck(String network, TunnelTo tunnelTo) {
    this.network = network;
    this.tunnelTo = tunnelTo;
  }

  /** Where the application of a PROXY tunnel is dialled. */
  public enum TunnelTo {
    LOOPBACK,
    POD_IP
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
    Authority asked = authority == null ? null : Authority.parse(authority).orElse(null);
    InetAddress ip = IpAddresses.plain(dialled);
    return switch (asked) {
      case null -> {
        String got = authority == null ? "none" : '"' + authority + '"';
        yield new Answer.Refuse(
            Failure.BAD_REQUEST, "authority: got " + got + ", expected host:port");
      }
      case Authority.ByAddress(InetSocketAddress address) ->
          mayServe(view, local, ip, address.getAddress())
              ? dial(local, ip, address.getPort())
              : new Answer.Refuse(
                  Failure.WRONG_DESTINATION,
                  "ip mismatch: "
                      + IpAddresses.print(ip)
                      + " != "
                      + IpAddresses.print(address.getAddress()));
      case Authority.ByHostname(String hostname, int port) -> {
        Service service = view.serviceNamed(hostname, local.namespace()).orElse(null);
        yield service == null
            ? unknown("no service is called " + hostname)
            : dialService(service, local, ip, port);
      }
    };
  }

  private boolean mayServe(MeshView view, Workload local, InetAddress dialled, InetAddress asked) {
    return asked.equals(dialled)
        || local.applicationTunnel() != null
        || waypointsOf(view, asked, local.namespace()).stream()
            .anyMatch(waypoint -> GatewayLookup.isInstance(view, waypoint, local, dialled));
  }

  /** Only a waypoint of {@code ip} holds it as an authority that is not its own. */
  private List<GatewayAddress> waypointsOf(MeshView view, InetAddress ip, String namespace) {
    NetworkAddress address = new NetworkAddress(network, ip);
    Workload workload = view.workloadAt(address).orElse(null);
    if (workload != null) {
      return workload.waypoint() == null ? List.of() : List.of(workload.waypoint());
    }
    return view.serviceAt(address, namespace).map(GatewayLookup::waypoints).orElse(List.of());
  }

  private Answer dialService(Service service, Workload local, InetAddress ip, int port) {
    ApplicationTunnel tunnel = local.applicationTunnel();
    if (!service.ports().containsKey(port)) {
      return unknown("port of " + service.key() + ": got " + port + ", which it does not have");
    }
    int target = EndpointChooser.targetPort(service, local, port);
    if (target == 0 && tunnel == null) {
      return unknown("port " + port + " of " + service.key() + " is not served by " + local.uid());
    }
    return OwnPorts.contain(target)
        ? ownPort(target)
        : dial(local, ip, target == 0 ? port : target);
  }

  private Answer dial(Workload local, InetAddress ip, int port) {
    ApplicationTunnel tunnel = local.applicationTunnel();
    int dialled = tunnel == null || tunnel.port() == 0 ? port : tunnel.port();
    if (OwnPorts.contain(dialled)) {
      return ownPort(dialled);
    }
    InetSocketAddress authorized = new InetSocketAddress(ip, dialled);
    if (tunnel == null) {
      return new Answer.Dial(authorized, authorized, null);
    }
    return switch (tunnel.protocol()) {
      case NONE -> new Answer.Dial(authorized, authorized, null);
      case PROXY -> new Answer.Dial(authorized, proxied(ip, dialled), tunnel);
    };
  }

  private InetSocketAddress proxied(InetAddress ip, int port) {
    return switch (tunnelTo) {
      case POD_IP -> new InetSocketAddress(ip, port);
      case LOOPBACK -> new InetSocketAddress(loopback(ip), port);
    };
  }

  private static InetAddress loopback(InetAddress family) {
    byte[] bytes = new byte[family.getAddress().length];
    bytes[bytes.length - 1] = 1;
    if (family instanceof Inet4Address) {
      bytes[0] = 127;
    }
    return IpAddresses.of(bytes);
  }

  /**
   * The destination that a PROXY header names for {@code authority}: itself, or a virtual IP of the
   * service, of this network and IPv4 if there is one.
   */
  public Optional<InetSocketAddress> proxyDestination(
      MeshView view, Workload local, String authority) {
    return Authority.parse(authority)
        .flatMap(asked ->
            switch (asked) {
              case Authority.ByAddress(InetSocketAddress address) -> Optional.of(address);
              case Authority.ByHostname(String hostname, int port) ->
                  view.serviceNamed(hostname, local.namespace())
                      .flatMap(service -> virtualIp(service, local.network()))
                      .map(ip -> new InetSocketAddress(ip, port));
            });
  }

  private static Optional<InetAddress> virtualIp(Service service, String network) {
    return service.addresses().stream()
        .min(
            Comparator.<NetworkAddress, Boolean>comparing(vip -> !vip.network().equals(network))
                .thenComparing(vip -> !(vip.address() instanceof Inet4Address)))
        .map(NetworkAddress::address);
  }

  private static Answer unknown(String reason) {
    return new Answer.Refuse(Failure.UNKNOWN_DESTINATION, reason);
  }

  private static Answer ownPort(int port) {
    return new Answer.Refuse(Failure.OWN_PORT, "port " + port + " is a port of the proxy itself");
  }
}
