package dev.ambit.waypoint.server;

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
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.http.RouteTable;
import dev.ambit.model.http.StreamTable;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A front with a client's proxy before it, over real TLS and loopback: sockets of {@link #connect}
 * come out of a tunnel at the front, and a {@link FakeServices} answers.
 */
public final class TestFront implements AutoCloseable {
  public static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  public static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "waypoint");
  static final String AUTHORITY = "10.96.0.1:80";

  final Transport transport = Transport.open(Transport.Kind.AUTO, 1);
  final MeshTls tls = MeshTls.best();
  final TestCa ca = TestCa.root("mesh");
  final Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
  final EventLoop loop = transport.loops().getFirst();
  final FakeServices services = new FakeServices();
  final Front front;
  final HboneServer server;
  final TunnelPool pool;
  private final InetSocketAddress tunnelAddress;
  private final InetSocketAddress near;
  volatile String authority = AUTHORITY;
  volatile String forwarded = "";

  TestFront(Destination.Protocol protocol) {
    this(protocol, FrontSettings.DEFAULT);
  }

  TestFront(Destination.Protocol protocol, FrontSettings settings) {
    var own = ca.workload(WAYPOINT);
    front =
        new Front(
            () -> new OneDestination(protocol),
            () -> CompletableFuture.completedFuture(own),
            new Front.Services(services, services),
            settings,
            InstantSource.system());
    server = new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), front);
    tunnelAddress = listen(server.acceptor());
    var client = ca.workload(CLIENT);
    pool =
        new TunnelPool(
            loop,
            sockets,
            new TunnelPool.Identities(
                (identity, priority) -> CompletableFuture.completedFuture(client), tls),
            HboneSettings.DEFAULT,
            InstantSource.system());
    near =
        listen(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                SocketLeg leg = SocketLeg.on(channel);
                pool.open(key(), request())
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

  private InetSocketAddress listen(ChannelInitializer<Channel> child) {
    return (InetSocketAddress)
        sockets
            .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), child)
            .syncUninterruptibly()
            .channel()
            .localAddress();
  }

  private TunnelPool.Key key() {
    return new TunnelPool.Key(
        CLIENT, Set.of(WAYPOINT), tunnelAddress, InetAddress.getLoopbackAddress());
  }

  private ConnectRequest request() {
    return new ConnectRequest("CONNECT", authority, "", forwarded, "", "", "");
  }

  /** Asks for a tunnel and waits for the answer. */
  Future<TunnelPool.Stream> open(String asked) {
    authority = asked;
    return onLoop(() -> pool.open(key(), request())).awaitUninterruptibly();
  }

  <T> T onLoop(Callable<T> task) {
    Future<T> future = loop.submit(task).awaitUninterruptibly();
    if (!future.isSuccess()) {
      throw new AssertionError(future.cause());
    }
    return future.getNow();
  }

  /** Where a client's connection is taken into the tunnel. */
  InetSocketAddress address() {
    return near;
  }

  /** A client's connection through the tunnel. */
  Socket connect() throws IOException {
    Socket socket = new Socket(near.getAddress(), near.getPort());
    socket.setSoTimeout(3_000);
    return socket;
  }

  @Override
  public void close() {
    onLoop(() -> {
      pool.stop();
      return true;
    });
    server.stop();
    tls.close();
    transport.close();
  }

  private static final class Silent implements Relay.Listener {
    @Override
    public void fromNear(int bytes) {}

    @Override
    public void fromFar(int bytes) {}

    @Override
    public void ended(@Nullable Throwable cause) {}
  }

  /** A mesh in which one address is to be served. */
  private record OneDestination(Destination.Protocol protocol) implements Snapshot {
    private static final RouteTable.Target TARGET =
        new RouteTable.Target(
            "Service", new ServiceKey("demo", "web.demo.svc.cluster.local"), "web", 80, "demo");
    private static final HttpAuthorizer.Mesh MESH =
        new HttpAuthorizer.Mesh(Set.of("cluster.local"), Set.of(), false);
    private static final JwtAuthentication.Tokens NO_TOKENS =
        new JwtAuthentication.Tokens() {
          @Override
          public JwtAuthentication.@Nullable Parsed parse(String token) {
            return null;
          }

          @Override
          public JwtAuthentication.Signature verify(JwtRule rule, String token) {
            return JwtAuthentication.Signature.NO_KEYS;
          }
        };

    @Override
    public Optional<MeshConfig> meshConfig() {
      return Optional.empty();
    }

    @Override
    public MeshView mesh() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Destination> destination(Authority authority) {
      return authority.toString().equals(AUTHORITY)
          ? Optional.of(
              new Destination(
                  null,
                  null,
                  80,
                  protocol,
                  RouteTable.of(TARGET, List.of()),
                  StreamTable.of(TARGET, List.of()),
                  HttpAuthorizer.of(List.of(), MESH, HttpAuthorizer.Chain.HTTP),
                  HttpAuthorizer.of(List.of(), MESH, HttpAuthorizer.Chain.TCP),
                  JwtAuthentication.of(List.of(), NO_TOKENS),
                  Destination.Telemetry.DEFAULT))
          : Optional.empty();
    }

    @Override
    public Optional<Cluster> cluster(
        dev.ambit.model.http.RouteAction.Cluster named, Destination asked) {
      return Optional.empty();
    }

    @Override
    public Optional<Cluster> backend(String host, int port) {
      return Optional.empty();
    }
  }
}
