package dev.ambit.waypoint.server;

import dev.ambit.daemon.Log;
import dev.ambit.dataplane.hbone.ConnectReply;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.Forwarded;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Programming;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What clients' tunnels lead to: finds the destination a CONNECT names, accepts, finds out what is
 * spoken inside and hands requests and connections to the services (spec: waypoint-selection §4).
 * Destinations that are not ours are refused: a waypoint is no open proxy.
 */
public final class Front implements HboneServer.Terminator {
  private static final Log LOG = Log.scope("front");
  private static final int BAD_REQUEST = 400;
  private static final int FORBIDDEN = 403;
  private static final int NOT_FOUND = 404;

  /** Who serves what comes out of the tunnels. */
  public record Services(HttpService http, StreamService streams) {}

  private final Programming programming;
  private final Supplier<CompletableFuture<WorkloadCertificate>> certificate;
  private final Services services;
  private final FrontSettings settings;
  private final InstantSource clock;
  private final Set<InsideConnection> connections = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  /**
   * @param certificate the newest of the waypoint's own
   */
  public Front(
      Programming programming,
      Supplier<CompletableFuture<WorkloadCertificate>> certificate,
      Services services,
      FrontSettings settings,
      InstantSource clock) {
    this.programming = programming;
    this.certificate = certificate;
    this.services = services;
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public CompletableFuture<WorkloadCertificate> certificate() {
    return certificate.get();
  }

  @Override
  public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {
    LOG.warn("connection refused", "peer", new Log.Plain(IpAddresses.print(peer)), "error", why);
  }

  @Override
  public void connect(HboneServer.Incoming incoming) {
    ConnectRequest request = incoming.request();
    String text = request.authority() == null ? "" : request.authority();
    if (!request.isConnect()) {
      refuse(incoming, BAD_REQUEST, "method: got \"" + request.method() + "\", expected CONNECT");
      return;
    }
    if (!isOfMesh(incoming)) {
      refuse(
          incoming,
          FORBIDDEN,
          "trust domain: got " + incoming.peer() + ", expected " + incoming.own().trustDomain());
      return;
    }
    Optional<Authority> authority = Authority.parse(text);
    if (authority.isEmpty()) {
      refuse(incoming, BAD_REQUEST, "authority: got \"" + text + "\", expected HOST:PORT");
      return;
    }
    Optional<Destination> destination = programming.current().destination(authority.get());
    if (destination.isEmpty()) {
      refuse(incoming, NOT_FOUND, "no destination of this waypoint: " + text);
      return;
    }
    accept(incoming, authority.get(), destination.get());
  }

  /** Of our own trust domain, or of one the mesh calls an alias of it. */
  private boolean isOfMesh(HboneServer.Incoming incoming) {
    String domain = incoming.peer().trustDomain();
    return domain.equals(incoming.own().trustDomain())
        || programming
            .current()
            .meshConfig()
            .filter(config -> config.trustDomainAliases().contains(domain))
            .isPresent();
  }

  private static void refuse(HboneServer.Incoming incoming, int status, String why) {
    LOG.warn(
        "request refused",
        "peer",
        new Log.Plain(IpAddresses.print(incoming.peerAddress())),
        "identity",
        new Log.Plain(incoming.peer()),
        "status",
        status,
        "error",
        why);
    incoming.refuse(status);
  }

  private void accept(HboneServer.Incoming incoming, Authority authority, Destination destination) {
    String traceparent = incoming.request().traceparent();
    Caller caller =
        new Caller(
            destination,
            incoming.peer(),
            source(incoming),
            called(incoming, authority, destination),
            traceparent.isEmpty() ? null : traceparent,
            clock.instant(),
            incoming.loop());
    StreamLeg leg = incoming.accept(ConnectReply.open());
    if (destination.protocol() == Destination.Protocol.TCP) {
      services.streams().serve(caller, "", leg);
      return;
    }
    Side side = new Side(caller, services.http(), settings);
    Channel channel = leg.channel();
    Inside inside = new Inside(side, channel);
    var detector = new Detector(destination.protocol(), settings, leg, inside);
    channel.pipeline().addBefore(channel.pipeline().context(leg).name(), null, detector);
    inside.opened(detector);
  }

  /**
   * A proxy may tell the port of the client, whose address is its own anyway: nobody speaks for the
   * address of another (spec: threat-model SEC-064).
   */
  private static InetSocketAddress source(HboneServer.Incoming incoming) {
    InetSocketAddress far = IpAddresses.plain(incoming.peerAddress());
    return Forwarded.client(incoming.request().forwarded())
        .filter(said -> said.getAddress().equals(far.getAddress()))
        .orElse(far);
  }

  private static InetSocketAddress called(
      HboneServer.Incoming incoming, Authority authority, Destination destination) {
    return switch (authority) {
      case Authority.ByAddress(InetSocketAddress address) -> address;
      case Authority.ByHostname named -> {
        var service = destination.service();
        yield service == null || service.addresses().isEmpty()
            ? new InetSocketAddress(incoming.localAddress().getAddress(), named.port())
            : new InetSocketAddress(service.addresses().getFirst().address(), named.port());
      }
    };
  }

  /** What the first bytes led to. */
  private final class Inside implements Detector.Decided {
    private final Side side;
    private final Channel channel;
    private @Nullable InsideConnection open;

    private Inside(Side side, Channel channel) {
      this.side = side;
      this.channel = channel;
    }

    @Override
    public void http1() {
      Http1Connection connection = new Http1Connection(side);
      channel.pipeline().addLast(new DataFrames(), connection);
      opened(connection);
    }

    @Override
    public void http2() {
      channel.pipeline().addLast(new DataFrames());
      opened(Http2Connection.on(channel, side));
    }

    private void opened(InsideConnection connection) {
      if (open == null) {
        channel.closeFuture().addListener(_ -> gone());
      }
      gone();
      open = connection;
      connections.add(connection);
      if (draining) {
        connection.drain();
      }
    }

    private void gone() {
      if (open != null) {
        connections.remove(open);
      }
    }

    @Override
    public void bytes(String serverName, StreamLeg leg) {
      gone();
      services.streams().serve(side.caller(), serverName, leg);
    }
  }

  /** Connections inside tunnels that speak HTTP, or may. */
  public int open() {
    return connections.size();
  }

  /**
   * Takes requests under way to their end and asks clients to call elsewhere: {@code Connection:
   * close} with the next response of HTTP/1.1, GOAWAY twice in HTTP/2. Connections of HTTP/1.1 that
   * are quiet for a second are closed: sooner, a request might be on its way.
   */
  public void drain() {
    draining = true;
    connections.forEach(connection -> connection.loop().execute(connection::drain));
  }
}
