package dev.ambit.model.route;

import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.route.GatewayLookup.Instance;
import dev.ambit.model.route.Route.Target;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a captured outbound connection goes (spec: hbone §5): the waypoint of the service,
 * an endpoint of the service, the waypoint of the pod, the pod, or past the mesh. Any thread.
 */
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
    InetSocketAddress plain = IpAddresses.plain(destination);
    return new Decision(view, source, IpAddresses.plain(client), plain, random).route(network);
  }

  /** The route after {@code name} turned out to be {@code address}. */
  public static Route resolved(Route.ResolveName name, InetAddress address) {
    Workload workload = name.to().workload();
    return workload == null
        ? new Route.Direct(new InetSocketAddress(address, name.port()), name.to())
        : toPod(workload, IpAddresses.plain(address), name.port(), name.to());
  }

  /** The last hop: a tunnel to a pod that speaks HBONE, plain TCP to any other. */
  private static Route toPod(Workload workload, InetAddress ip, int port, Target to) {
    InetSocketAddress application = new InetSocketAddress(ip, port);
    return switch (workload.tunnel()) {
      case NONE -> new Route.Direct(application, to);
      case HBONE ->
          tunnel(
              new InetSocketAddress(ip, OwnPorts.TUNNEL),
              IpAddresses.print(application),
              peers(workload, to.service()),
              to);
    };
  }

  private static Route tunnel(
      InetSocketAddress nextHop, String authority, Set<SpiffeId> peers, Target to) {
    return peers.isEmpty()
        ? new Route.Refused(Failure.TLS, nextHop + " has no identity that could be verified")
        : new Route.Tunnel(nextHop, authority, peers, to);
  }

  /** Whom the next hop may be: itself, and what its service says (spec: hbone §2.3). */
  private static Set<SpiffeId> peers(Workload workload, @Nullable Service service) {
    boolean whole = !workload.namespace().isEmpty() && !workload.serviceAccount().isEmpty();
    if (whole && (service == null || service.subjectAltNames().isEmpty())) {
      return Set.of(workload.identity());
    }
    Set<SpiffeId> peers = new LinkedHashSet<>();
    if (whole) {
      peers.add(workload.identity());
    }
    if (service != null) {
      peers.addAll(subjectAltNames(service));
    }
    return Collections.unmodifiableSet(peers);
  }

  private static Set<SpiffeId> subjectAltNames(Service service) {
    Set<SpiffeId> names = new LinkedHashSet<>();
    service.subjectAltNames().forEach(name -> SpiffeId.parse(name).ifPresent(names::add));
    return Collections.unmodifiableSet(names);
  }

  /** One connection's decision; the steps carry the numbers of the spec. */
  private record Decision(
      MeshView view,
      Workload source,
      InetAddress client,
      InetSocketAddress destination,
      RandomGenerator random) {

    Route route(String network) {
      InetAddress ip = destination.getAddress();
      if (isOwn(ip, destination.getPort())) {
        return ownPort(destination);
      }
      NetworkAddress asked = new NetworkAddress(network, ip);
      if (view.workloadAt(asked).isEmpty()) {
        Service service = view.serviceAt(asked, source.namespace()).orElse(null);
        Route waypoint = service == null ? null : toServiceWaypoint(service);
        if (waypoint != null) {
          return waypoint;
        }
      }
      NetworkAddress here =
          source.network().equals(network) ? asked : new NetworkAddress(source.network(), ip);
      Service service = view.serviceAt(here, source.namespace()).orElse(null);
      if (service != null) {
        return toService(service);
      }
      Workload workload = view.workloadAt(here).orElse(null);
      return workload == null
          ? new Route.Direct(destination, Target.UNKNOWN)
          : toWorkload(workload, destination.getPort(), null);
    }

    /** Whether this pod would come out at its own proxy. */
    private boolean isOwn(InetAddress ip, int port) {
      return OwnPorts.contain(port)
          && (ip.isLoopbackAddress() || ip.equals(client) || source.addresses().contains(ip));
    }

    private static Route ownPort(InetSocketAddress address) {
      return new Route.Refused(
          Failure.OWN_PORT, IpAddresses.print(address) + " is a port of the proxy itself");
    }

    /** Step 2. Null when no waypoint stands for the service, or the client is that waypoint. */
    private @Nullable Route toServiceWaypoint(Service service) {
      GatewayAddress reference = GatewayLookup.waypoint(service, random);
      if (reference == null || isWaypoint(reference)) {
        return null;
      }
      Instance waypoint = instance(reference);
      if (waypoint == null) {
        return unknownWaypoint("service " + service.key(), reference);
      }
      if (!waypoint.workload().network().equals(source.network())) {
        return acrossNetworks(waypoint.workload(), service);
      }
      return toWaypoint(waypoint, reference, service);
    }

    /** Step 3, for a service address. */
    private Route toService(Service service) {
      int port = destination.getPort();
      if (service.loadBalancing().mode() == LoadBalancing.Mode.PASSTHROUGH) {
        return new Route.Direct(destination, new Target(service, null, false));
      }
      return EndpointChooser.choose(
              view.endpoints(service.key()),
              new EndpointChooser.Target(service, port),
              source,
              EndpointChooser.Purpose.APPLICATION,
              random)
          .map(choice -> toWorkload(choice.workload(), choice.port(), service))
          .orElseGet(() -> noEndpoint(service, port));
    }

    /** Steps 4 to 6. {@code service} is null when the pod itself was dialled. */
    private Route toWorkload(Workload workload, int port, @Nullable Service service) {
      if (!workload.network().equals(source.network())) {
        return service == null
            ? new Route.Refused(
                Failure.NO_GATEWAY,
                workload.uid()
                    + " is on network \""
                    + workload.network()
                    + "\" and was not dialled by a service")
            : acrossNetworks(workload, service);
      }
      GatewayAddress reference = workload.waypoint();
      if (service == null && reference != null && !isWaypoint(reference)) {
        Instance waypoint = instance(reference);
        return waypoint == null
            ? unknownWaypoint("workload " + workload.uid(), reference)
            : toWaypoint(waypoint, reference, null);
      }
      Target to = new Target(service, workload, false);
      InetAddress ip = EndpointChooser.address(workload, service, destination.getAddress());
      if (ip == null) {
        return workload.hostname().isEmpty()
            ? new Route.Refused(
                Failure.NO_HEALTHY_ENDPOINT, workload.uid() + " has no address of that family")
            : new Route.ResolveName(workload.hostname(), port, to);
      }
      // A service may map its port to one of ours; on ourselves that would come back for ever.
      return workload.tunnel() == Workload.Tunnel.NONE && isOwn(ip, port)
          ? ownPort(new InetSocketAddress(ip, port))
          : toPod(workload, ip, port, to);
    }

    private Route toWaypoint(
        Instance waypoint, GatewayAddress reference, @Nullable Service service) {
      InetAddress ip = waypoint.ip();
      if (ip == null || !waypoint.workload().network().equals(source.network())) {
        return new Route.Refused(
            Failure.UNKNOWN_WAYPOINT,
            "waypoint " + reference.destination() + " has no address on this network");
      }
      return tunnel(
          new InetSocketAddress(ip, waypoint.port()),
          IpAddresses.print(destination),
          peers(waypoint.workload(), waypoint.service()),
          new Target(service, waypoint.workload(), true));
    }

    /** Double HBONE: through the gateway of {@code remote}, by name (spec: hbone §8). */
    private Route acrossNetworks(Workload remote, Service service) {
      GatewayAddress reference = remote.networkGateway();
      if (reference == null) {
        return new Route.Refused(
            Failure.NO_GATEWAY,
            remote.uid() + " is on network \"" + remote.network() + "\" without a gateway");
      }
      Instance gateway = instance(reference);
      InetAddress ip = gateway == null ? null : gateway.ip();
      if (gateway == null || ip == null) {
        return new Route.Refused(
            Failure.NO_GATEWAY, "gateway " + reference.destination() + " is not known");
      }
      Set<SpiffeId> gatewayPeers = peers(gateway.workload(), gateway.service());
      if (gatewayPeers.isEmpty()) {
        return new Route.Refused(
            Failure.TLS, gateway.workload().uid() + " has no identity that could be verified");
      }
      return new Route.DoubleTunnel(
          new InetSocketAddress(ip, gateway.port()),
          new Authority.ByHostname(service.hostname(), destination.getPort()).toString(),
          gatewayPeers,
          subjectAltNames(service),
          new Target(service, remote, false));
    }

    private @Nullable Instance instance(GatewayAddress reference) {
      return GatewayLookup.instance(view, reference, source, destination.getAddress(), random);
    }

    /** A waypoint that this proxy captured must reach what it stands for, not itself. */
    private boolean isWaypoint(GatewayAddress reference) {
      return GatewayLookup.isInstance(view, reference, source, client);
    }

    private static Route unknownWaypoint(String what, GatewayAddress reference) {
      return new Route.Refused(
          Failure.UNKNOWN_WAYPOINT,
          "waypoint "
              + reference.destination()
              + " of "
              + what
              + " is not known or has no healthy instance");
    }

    private Route noEndpoint(Service service, int port) {
      String reason =
          service.ports().containsKey(port)
              ? "none of "
                  + view.members(service.key()).size()
                  + " endpoints of "
                  + service.key()
                  + " can be used for port "
                  + port
              : "port of "
                  + service.key()
                  + ": got "
                  + port
                  + ", expected one of "
                  + new TreeSet<>(service.ports().keySet());
      return new Route.Refused(Failure.NO_HEALTHY_ENDPOINT, reason);
    }
  }
}
