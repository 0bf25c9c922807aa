package dev.ambit.e2e.peers;

import dev.ambit.dataplane.hbone.ConnectReply;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelFailure;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Our two ends of a tunnel as strangers meet them: the data path with its real TLS, HTTP/2 and
 * relay on one event loop, on ports of the loopback interface.
 */
final class OurTunnel implements AutoCloseable {
  private static final Duration HALF_OPEN = Duration.ofMinutes(5);

  private final Transport transport = Transport.open(Transport.Kind.AUTO, 1);
  private final EventLoop loop = transport.loops().getFirst();
  private final Sockets sockets =
      new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
  private final MeshTls tls = MeshTls.best();
  private final WorkloadCertificate own;
  private final HboneServer server;
  private final TunnelPool pool;

  /** Where requests go that are no CONNECT; empty to refuse them, as a pod does. */
  private final OptionalInt website;

  /** Who asked for a tunnel, in order. */
  final BlockingQueue<SpiffeId> callers = new LinkedBlockingQueue<>();

  /** Why connections were refused before their first request. */
  final BlockingQueue<String> refusals = new LinkedBlockingQueue<>();

  /** Why tunnels could not be had. */
  final BlockingQueue<TunnelFailure> failures = new LinkedBlockingQueue<>();

  OurTunnel(WorkloadCertificate own) {
    this(own, OptionalInt.empty());
  }

  /**
   * @param website port of an application that gets every request that is no CONNECT as if it were
   *     one for it, so that programs that only know GET can be answered
   */
  OurTunnel(WorkloadCertificate own, OptionalInt website) {
    this.own = own;
    this.website = website;
    this.server =
        new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), new Inbound());
    Certificates certificates = (identity, priority) -> CompletableFuture.completedFuture(own);
    this.pool =
        new TunnelPool(
            loop,
            sockets,
            new TunnelPool.Identities(certificates, tls),
            HboneSettings.DEFAULT,
            InstantSource.system());
  }

  /** Listens for tunnels. Each request is dialled to its authority. */
  int inbound() {
    return listen(server.acceptor());
  }

  /** Listens for plain connections, which go to {@code authority} by the tunnel at {@code hop}. */
  int outbound(int hop, SpiffeId expected, String authority) {
    TunnelPool.Key key =
        new TunnelPool.Key(
            own.identity(),
            Set.of(expected),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), hop),
            InetAddress.getLoopbackAddress());
    return listen(
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            SocketLeg near = SocketLeg.on(channel);
            pool.open(key, request(authority)).addListener(f -> opened((Future<?>) f, near));
          }
        });
  }

  /** How many tunnels the outbound side holds. */
  int tunnels() {
    Future<Integer> count = loop.submit((Callable<Integer>) () -> pool.rows().size());
    return count.awaitUninterruptibly().getNow();
  }

  private int listen(ChannelHandler child) {
    Channel channel =
        sockets
            .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), child)
            .syncUninterruptibly()
            .channel();
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  private static ConnectRequest request(String authority) {
    return new ConnectRequest("CONNECT", authority, "", "", "", "", "");
  }

  private void opened(Future<?> answer, SocketLeg near) {
    if (answer.isSuccess()) {
      relay(near, ((TunnelPool.Stream) answer.getNow()).leg());
    } else {
      failures.add((TunnelFailure) answer.cause());
      near.reset();
    }
  }

  private void relay(Leg near, Leg far) {
    Relay.join(near, far, loop, HALF_OPEN, new Uncounted());
  }

  @Override
  public void close() {
    loop.submit(pool::stop).awaitUninterruptibly();
    server.stop();
    tls.close();
    transport.close();
  }

  /** What a pod does with tunnels into it, without its policies. */
  private final class Inbound implements HboneServer.Terminator {
    @Override
    public CompletableFuture<WorkloadCertificate> certificate() {
      return CompletableFuture.completedFuture(own);
    }

    @Override
    public void connect(HboneServer.Incoming incoming) {
      OptionalInt port = port(incoming.request());
      if (port.isEmpty()) {
        incoming.refuse(400);
        return;
      }
      callers.add(incoming.peer());
      var dial =
          sockets.dial(
              loop,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), port.getAsInt()),
              null,
              Duration.ofSeconds(5),
              new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                  SocketLeg.on(channel);
                }
              });
      incoming.onGone(() -> dial.channel().close());
      dial.addListener(f -> {
        if (f.isSuccess()) {
          SocketLeg far = dial.channel().pipeline().get(SocketLeg.class);
          relay(incoming.accept(ConnectReply.open()), far);
        } else {
          incoming.refuse(503);
        }
      });
    }

    private OptionalInt port(ConnectRequest request) {
      String authority = request.authority();
      if (request.isConnect() && authority != null) {
        return OptionalInt.of(
            Integer.parseInt(authority.substring(authority.lastIndexOf(':') + 1)));
      }
      return website;
    }

    @Override
    public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {
      refusals.add(why);
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
}
