package dev.ambit.waypoint;

import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.workload.Cidr;
import dev.ambit.model.workload.GatewayAddress;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.auth.ProviderAuthorizer;
import dev.ambit.waypoint.auth.token.JwtTokens;
import dev.ambit.waypoint.auth.token.MeshFetch;
import dev.ambit.waypoint.auth.token.TokenSettings;
import dev.ambit.waypoint.auth.token.WebFetch;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.config.Place;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.config.Snapshots;
import dev.ambit.waypoint.exchange.ExchangeSettings;
import dev.ambit.waypoint.exchange.Exchanges;
import dev.ambit.waypoint.exchange.Streams;
import dev.ambit.waypoint.exchange.Tale;
import dev.ambit.waypoint.server.Front;
import dev.ambit.waypoint.server.FrontSettings;
import dev.ambit.waypoint.upstream.Here;
import dev.ambit.waypoint.upstream.UpstreamGroup;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A waypoint of namespace {@code demo} in this process, programmed by YAML: front, exchanges and
 * upstreams as they are, over real TLS and loopback. What connects to {@link #near} comes out of a
 * tunnel at the waypoint; backends are plain sockets outside the mesh.
 */
public final class LocalWaypoint implements AutoCloseable {
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  private static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "waypoint");
  private static final SpiffeId APP = new SpiffeId("cluster.local", "demo", "app");
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final GatewayAddress ADDRESS =
      new GatewayAddress(new GatewayAddress.ByHostname(key("wp")), 15008);

  private final Transport transport = Transport.open(Transport.Kind.AUTO, 1);
  private final MeshTls tls = MeshTls.best();
  private final TestCa ca = TestCa.root("mesh");
  private final Sockets sockets =
      new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
  private final EventLoop loop = transport.loops().getFirst();
  private final OwnCalls calls = new OwnCalls(LOOPBACK);
  private final JwtTokens tokens;
  private final Snapshots snapshots;
  private final UpstreamGroup upstreams;
  private final HboneServer server;
  private final TunnelPool pool;
  private final InetSocketAddress tunnelAddress;
  private final Set<String> objects = new HashSet<>();
  private MeshView mesh = MeshView.empty();
  private int pods;

  /** The proxy of captured endpoints. */
  public final TunnelProxy proxy = new TunnelProxy(sockets, () -> ca.workload(APP));

  /** What was told of exchanges. */
  public final Tale tale = new Tale();

  public LocalWaypoint() {
    WebFetch outside = new WebFetch(new WebFetch.Allowed(true, true));
    TokenSettings quick =
        new TokenSettings(
            Duration.ofMinutes(20),
            Duration.ofMillis(50),
            Duration.ofMillis(50),
            Duration.ofHours(24),
            Duration.ofMillis(50),
            InstantSource.system());
    tokens =
        new JwtTokens(
            quick, new MeshFetch(this::programmed, "demo", calls, outside), new Metrics());
    snapshots = new Snapshots(Place.of("demo", "wp"), tokens);
    snapshots.complete();
    var own = ca.workload(WAYPOINT);
    var client = ca.workload(CLIENT);
    upstreams =
        new UpstreamGroup(
            new UpstreamGroup.Means(sockets, identities(own), HboneSettings.DEFAULT, proxyPort()),
            new Here(WAYPOINT, LOOPBACK, Locality.UNKNOWN, "", ""),
            UpstreamGroup.Chance.real());
    Outcall outcall = new Outcall(snapshots, upstreams::of);
    calls.open(outcall, transport.loops());
    Exchanges.Parts parts =
        new Exchanges.Parts(
            snapshots,
            upstreams::of,
            new ProviderAuthorizer(
                new ProviderAuthorizer.Setting(
                    () -> programmed().providers(), WAYPOINT::toString, InstantSource.system()),
                outcall,
                new Metrics()),
            Exchanges.RateLimits.NONE,
            tale,
            InstantSource.system(),
            () -> ThreadLocalRandom.current().nextLong());
    Front front =
        new Front(
            snapshots,
            () -> CompletableFuture.completedFuture(own),
            new Front.Services(new Exchanges(parts, ExchangeSettings.DEFAULT), new Streams(parts)),
            FrontSettings.DEFAULT,
            InstantSource.system());
    server = new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), front);
    tunnelAddress = listen(server.acceptor());
    pool =
        new TunnelPool(
            loop, sockets, identities(client), HboneSettings.DEFAULT, InstantSource.system());
  }

  private Snapshot programmed() {
    return snapshots.current();
  }

  private int proxyPort() {
    return listen(
            new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), proxy).acceptor())
        .getPort();
  }

  /** Calls of the waypoint's own. */
  public OwnCalls calls() {
    return calls;
  }

  /** As it is programmed now. */
  public Snapshots snapshots() {
    return snapshots;
  }

  private TunnelPool.Identities identities(WorkloadCertificate certificate) {
    return new TunnelPool.Identities(
        (identity, priority) -> CompletableFuture.completedFuture(certificate), tls);
  }

  private static ServiceKey key(String name) {
    return new ServiceKey("demo", name + ".demo.svc.cluster.local");
  }

  private InetSocketAddress listen(ChannelInitializer<Channel> child) {
    return (InetSocketAddress)
        sockets
            .listen(new InetSocketAddress(LOOPBACK, 0), child)
            .syncUninterruptibly()
            .channel()
            .localAddress();
  }

  /** A service outside, called {@code host}, of VIP {@code 10.96.0.last} and all of loopback. */
  public LocalWaypoint outside(String host, int last, LoadBalancing.Mode mode, int port) {
    return put(
        new MeshChange.ServicePut(
            new Service(
                "outside",
                new ServiceKey("demo", host),
                List.of(new NetworkAddress("", InetAddress.ofLiteral("10.96.0." + last))),
                List.of(new Service.NetworkBlock("", Cidr.parse("127.0.0.0/8").orElseThrow())),
                Map.of(port, new ServicePort(port, port, AppProtocol.HTTP11)),
                List.of(),
                ADDRESS,
                List.of(),
                new LoadBalancing(List.of(), mode, LoadBalancing.HealthPolicy.ALLOW_ALL),
                Service.IpFamilies.AUTOMATIC,
                false,
                false,
                Service.Visibility.PUBLIC)));
  }

  /** A service of VIP {@code 10.96.0.last} with port 80 that speaks {@code protocol}. */
  public LocalWaypoint service(String name, int last, AppProtocol protocol) {
    return put(
        new MeshChange.ServicePut(
            new Service(
                name,
                key(name),
                List.of(new NetworkAddress("", InetAddress.ofLiteral("10.96.0." + last))),
                List.of(),
                Map.of(80, new ServicePort(80, 8080, protocol)),
                List.of(),
                ADDRESS,
                List.of(),
                LoadBalancing.DEFAULT,
                Service.IpFamilies.AUTOMATIC,
                true,
                false,
                Service.Visibility.PUBLIC)));
  }

  /** An endpoint of {@code service}, also of {@code others}, at {@code port} of loopback. */
  public LocalWaypoint backend(int port, String... services) {
    return endpoint(port, Workload.Tunnel.NONE, services);
  }

  /** The same, of a pod in the mesh: reached through {@link #proxy}. */
  public LocalWaypoint captured(int port, String... services) {
    return endpoint(port, Workload.Tunnel.HBONE, services);
  }

  private LocalWaypoint endpoint(int port, Workload.Tunnel tunnel, String... services) {
    pods++;
    Map<ServiceKey, Map<Integer, Integer>> ports = new HashMap<>();
    for (String service : services) {
      ports.put(key(service), Map.of(80, port));
    }
    // Proxies listen on one address only.
    InetAddress address =
        tunnel == Workload.Tunnel.HBONE ? LOOPBACK : InetAddress.ofLiteral("127.0.0." + pods);
    return put(
        new MeshChange.WorkloadPut(
            Workload.named("pod-" + pods)
                .name("pod-" + pods)
                .namespace("demo")
                .serviceAccount(APP.serviceAccount())
                .trustDomain("cluster.local")
                .addresses(List.of(address))
                .tunnel(tunnel)
                .services(ports)
                .build()));
  }

  private LocalWaypoint put(MeshChange change) {
    mesh = mesh.with(change);
    snapshots.mesh(mesh);
    return this;
  }

  /** From here on these objects hold, and no others. */
  public LocalWaypoint program(String... yaml) {
    Map<String, ClusterObject> put = new HashMap<>();
    for (String each : yaml) {
      ManifestReader.Content content =
          ManifestReader.read("test.yaml", each.getBytes(StandardCharsets.UTF_8), Instant.EPOCH);
      if (!content.problems().isEmpty()) {
        throw new IllegalArgumentException(content.problems().toString());
      }
      content.objects().forEach(object -> put.put(Snapshots.name(object), object));
    }
    Set<String> gone = new HashSet<>(objects);
    gone.removeAll(put.keySet());
    snapshots.change(put, gone);
    objects.clear();
    objects.addAll(put.keySet());
    return this;
  }

  /** Where a client that means {@code authority}, such as {@code 10.96.0.1:80}, connects. */
  public InetSocketAddress near(String authority) {
    TunnelPool.Key key = new TunnelPool.Key(CLIENT, Set.of(WAYPOINT), tunnelAddress, LOOPBACK);
    ConnectRequest request = new ConnectRequest("CONNECT", authority, "", "", "", "", "");
    return listen(
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            SocketLeg leg = SocketLeg.on(channel);
            pool.open(key, request)
                .addListener(opened -> {
                  if (opened.isSuccess()) {
                    var stream = (TunnelPool.Stream) opened.getNow();
                    Relay.join(leg, stream.leg(), loop, Duration.ofHours(1), new Silent());
                  } else {
                    leg.reset();
                  }
                });
          }
        });
  }

  @Override
  public void close() {
    loop.submit(pool::stop).syncUninterruptibly();
    server.stop();
    tokens.close();
    upstreams.close();
    transport.close();
    tls.close();
  }

  private static final class Silent implements Relay.Listener {
    @Override
    public void fromNear(int bytes) {}

    @Override
    public void fromFar(int bytes) {}

    @Override
    public void ended(@Nullable Throwable cause) {}
  }
}
