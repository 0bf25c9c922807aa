package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.identity.Certificates;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.RevocationLists;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.IpAddresses;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Both ends of a tunnel in one process, over real TLS and loopback sockets: a client socket is
 * accepted by {@code near}, carried through a pool and a server, and dialled to {@code
 * application}.
 */
final class TunnelPair implements AutoCloseable {
  static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  static final SpiffeId SERVER = new SpiffeId("cluster.local", "demo", "server");
  static final Duration LIMIT = Duration.ofHours(1);

  final Transport transport;
  final MeshTls tls;
  final TestCa ca = TestCa.root("mesh");
  final Sockets sockets;
  final EventLoop loop;
  final HboneServer server;
  final Channel tunnelPort;
  final TunnelPool pool;

  volatile WorkloadCertificate clientCertificate = ca.workload(CLIENT);
  volatile WorkloadCertificate serverCertificate = ca.workload(SERVER);
  volatile @Nullable Exception certificateFailure;
  volatile Set<SpiffeId> expected = Set.of(SERVER);

  /** What the server does with a request; the default dials the authority. */
  volatile Answer answer = this::dialAuthority;

  final AtomicInteger accepted = new AtomicInteger();
  final BlockingQueue<String> refusals = new LinkedBlockingQueue<>();
  private final BlockingQueue<Ending> clientEndings = new LinkedBlockingQueue<>();
  private final BlockingQueue<Ending> serverEndings = new LinkedBlockingQueue<>();

  interface Answer {
    void to(HboneServer.Incoming incoming);
  }

  /** How a relay ended. */
  record Ending(@Nullable Throwable cause) {}

  TunnelPair(Transport.Kind kind) {
    this(kind, MeshTls.Engine.BORINGSSL, HboneSettings.DEFAULT);
  }

  TunnelPair(Transport.Kind kind, MeshTls.Engine engine, HboneSettings settings) {
    this(kind, engine, settings, RevocationLists.none());
  }

  TunnelPair(
      Transport.Kind kind,
      MeshTls.Engine engine,
      HboneSettings settings,
      RevocationLists revocations) {
    transport = Transport.open(kind, 1);
    tls = new MeshTls(engine, revocations);
    sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
    loop = transport.loops().getFirst();
    server = new HboneServer(tls, settings, InstantSource.system(), new ServerSide());
    var acceptor = server.acceptor();
    tunnelPort =
        sockets
            .listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted.incrementAndGet();
                    channel.pipeline().addLast(acceptor);
                  }
                })
            .syncUninterruptibly()
            .channel();
    Certificates certificates =
        (identity, priority) ->
            certificateFailure == null
                ? CompletableFuture.completedFuture(clientCertificate)
                : CompletableFuture.failedFuture(certificateFailure);
    pool =
        new TunnelPool(
            loop,
            sockets,
            new TunnelPool.Identities(certificates, tls),
            settings,
            InstantSource.system());
  }

  InetSocketAddress tunnelAddress() {
    return (InetSocketAddress) tunnelPort.localAddress();
  }

  TunnelPool.Key key() {
    return new TunnelPool.Key(CLIENT, expected, tunnelAddress(), InetAddress.getLoopbackAddress());
  }

  static ConnectRequest request(String authority) {
    return new ConnectRequest("CONNECT", authority, "", "", "", "", "");
  }

  /** Opens a stream and waits for the answer, whatever it is. */
  Future<TunnelPool.Stream> open(String authority) {
    return openAsync(key(), authority).awaitUninterruptibly();
  }

  /** Starts to open a stream. */
  Future<TunnelPool.Stream> openAsync(TunnelPool.Key key, String authority) {
    return onLoop(() -> pool.open(key, request(authority)));
  }

  <T> T onLoop(Callable<T> task) {
    Future<T> future = loop.submit(task).awaitUninterruptibly();
    if (!future.isSuccess()) {
      throw new AssertionError(future.cause());
    }
    return future.getNow();
  }

  /** A listener whose connections go through the tunnel to {@code application}. */
  InetSocketAddress near(InetSocketAddress application) {
    ChannelHandler child =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            SocketLeg near = SocketLeg.on(channel);
            pool.open(key(), request(IpAddresses.print(application)))
                .addListener(f -> join((Future<?>) f, near, channel));
          }
        };
    return (InetSocketAddress)
        sockets
            .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), child)
            .syncUninterruptibly()
            .channel()
            .localAddress();
  }

  private void join(Future<?> opened, SocketLeg near, Channel channel) {
    if (opened.isSuccess()) {
      relay("client", near, ((TunnelPool.Stream) opened.getNow()).leg());
    } else {
      clientEndings.add(new Ending(opened.cause()));
      near.reset();
    }
  }

  private void relay(String side, Leg near, Leg far) {
    Relay.join(near, far, loop, LIMIT, new Ends(side));
  }

  void dialAuthority(HboneServer.Incoming incoming) {
    String authority = String.valueOf(incoming.request().authority());
    int colon = authority.lastIndexOf(':');
    InetSocketAddress application =
        new InetSocketAddress(
            authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1)));
    var dial =
        sockets.dial(
            loop,
            application,
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
        relay("server", incoming.accept(ConnectReply.open()), far);
      } else {
        incoming.refuse(503);
      }
    });
  }

  /** A client socket through the tunnel to {@code application}. */
  Socket connect(InetSocketAddress application) throws IOException {
    InetSocketAddress near = near(application);
    Socket socket = new Socket(near.getAddress(), near.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  Ending ending(String side) throws InterruptedException {
    Ending ending = endings(side).poll(20, TimeUnit.SECONDS);
    if (ending == null) {
      throw new AssertionError("no relay of the " + side + " ended");
    }
    return ending;
  }

  private BlockingQueue<Ending> endings(String side) {
    return side.equals("client") ? clientEndings : serverEndings;
  }

  Failure failureOf(Future<?> future) {
    return ((TunnelFailure) future.cause()).failure();
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

  private final class ServerSide implements HboneServer.Terminator {
    @Override
    public CompletableFuture<WorkloadCertificate> certificate() {
      return CompletableFuture.completedFuture(serverCertificate);
    }

    @Override
    public void connect(HboneServer.Incoming incoming) {
      answer.to(incoming);
    }

    @Override
    public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {
      refusals.add(why);
    }
  }

  private final class Ends implements Relay.Listener {
    private final String side;

    private Ends(String side) {
      this.side = side;
    }

    @Override
    public void fromNear(int bytes) {}

    @Override
    public void fromFar(int bytes) {}

    @Override
    public void ended(@Nullable Throwable cause) {
      endings(side).add(new Ending(cause));
    }
  }
}
