package dev.ambit.e2e.mesh;

import dev.ambit.dataplane.hbone.ConnectReply;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * In the place of a waypoint: takes every tunnel into its pod, remembers who asked for what, and
 * leads all of them to one endpoint by a tunnel of its own.
 */
public final class StandIn implements AutoCloseable {
  private final Transport transport = Transport.open(Transport.Kind.AUTO, 1);
  private final EventLoop loop = transport.loops().getFirst();
  private final MeshTls tls = MeshTls.best();
  private final WorkloadCertificate own;
  private final Endpoint endpoint;
  private final HboneServer server;
  private final TunnelPool pool;

  /** Who asked for what, in order: {@code IDENTITY AUTHORITY}. */
  public final BlockingQueue<String> asked = new LinkedBlockingQueue<>();

  /** Where everything goes. */
  public record Endpoint(TestPod pod, int port, SpiffeId identity) {}

  public StandIn(TestPod pod, WorkloadCertificate own, Endpoint endpoint) {
    this.own = own;
    this.endpoint = endpoint;
    Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), pod.netns());
    Certificates certificates = (identity, priority) -> CompletableFuture.completedFuture(own);
    this.server = new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), new Front());
    this.pool =
        new TunnelPool(
            loop,
            sockets,
            new TunnelPool.Identities(certificates, tls),
            HboneSettings.DEFAULT,
            InstantSource.system());
    sockets
        .listen(new InetSocketAddress(pod.ipv4(), 15008), server.acceptor())
        .syncUninterruptibly();
  }

  private final class Front implements HboneServer.Terminator {
    @Override
    public CompletableFuture<WorkloadCertificate> certificate() {
      return CompletableFuture.completedFuture(own);
    }

    @Override
    public void connect(HboneServer.Incoming incoming) {
      asked.add(incoming.peer() + " " + incoming.request().authority());
      String authority = endpoint.pod().ipv4() + ":" + endpoint.port();
      TunnelPool.Key key =
          new TunnelPool.Key(
              own.identity(),
              Set.of(endpoint.identity()),
              new InetSocketAddress(endpoint.pod().ipv4(), 15008),
              incoming.localAddress().getAddress());
      pool.open(key, new ConnectRequest("CONNECT", authority, "", "", "", "", ""))
          .addListener(answer -> joined(incoming, (Future<?>) answer));
    }

    private void joined(HboneServer.Incoming incoming, Future<?> answer) {
      if (answer.isSuccess()) {
        Leg far = ((TunnelPool.Stream) answer.getNow()).leg();
        Relay.join(
            incoming.accept(ConnectReply.open()),
            far,
            loop,
            Duration.ofMinutes(5),
            new Uncounted());
      } else {
        asked.add("no endpoint: " + answer.cause());
        incoming.refuse(503);
      }
    }

    @Override
    public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {
      asked.add("refused: " + why);
    }
  }

  private static final class Uncounted implements Relay.Listener {
    @Override
    public void fromNear(int bytes) {}

    @Override
    public void fromFar(int bytes) {}

    @Override
    public void ended(@Nullable Throwable cause) {}
  }

  @Override
  public void close() {
    loop.submit(pool::stop).awaitUninterruptibly();
    server.stop();
    tls.close();
    transport.close();
  }
}
