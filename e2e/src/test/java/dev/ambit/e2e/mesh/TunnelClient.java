package dev.ambit.e2e.mesh;

import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.dataplane.identity.wire.GrpcAuthority;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client of the mesh without a ztunnel: what connects to its address on the loopback goes through
 * a tunnel, with a certificate of the mesh's CA.
 */
public final class TunnelClient implements AutoCloseable {
  private final Deque<Runnable> parts = new ArrayDeque<>();
  private final InetSocketAddress address;

  /**
   * @param address of the CA, an URL
   * @param root certificate to trust it by
   * @param token of the node that the client's pod is on
   */
  public record ControlPlane(String address, Path root, Path token) {}

  /**
   * @param at where it is taken
   * @param server who must take it
   * @param authority where its connections go
   */
  public record Tunnel(InetSocketAddress at, SpiffeId server, String authority) {}

  private TunnelClient(ControlPlane control, SpiffeId identity, Tunnel tunnel) {
    WorkloadCertificate own = certificate(control, identity);
    Transport transport = part(Transport.open(Transport.Kind.AUTO, 1), Transport::close);
    MeshTls tls = part(MeshTls.best(), MeshTls::close);
    EventLoop loop = transport.loops().getFirst();
    Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
    var pool =
        new TunnelPool(
            loop,
            sockets,
            new TunnelPool.Identities((_, _) -> CompletableFuture.completedFuture(own), tls),
            HboneSettings.DEFAULT,
            InstantSource.system());
    var key =
        new TunnelPool.Key(
            identity, Set.of(tunnel.server()), tunnel.at(), InetAddress.getLoopbackAddress());
    var request = new ConnectRequest("CONNECT", tunnel.authority(), "", "", "", "", "");
    ChannelInitializer<Channel> child =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel accepted) {
            SocketLeg near = SocketLeg.on(accepted);
            pool.open(key, request)
                .addListener(opened -> {
                  if (opened.isSuccess()) {
                    var stream = (TunnelPool.Stream) opened.getNow();
                    Relay.join(near, stream.leg(), loop, Duration.ofHours(1), new Silent());
                  } else {
                    near.reset();
                  }
                });
          }
        };
    address =
        (InetSocketAddress)
            sockets
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), child)
                .syncUninterruptibly()
                .channel()
                .localAddress();
  }

  /** Gets a certificate for {@code identity} and listens. */
  public static TunnelClient start(ControlPlane control, SpiffeId identity, Tunnel tunnel) {
    return new TunnelClient(control, identity, tunnel);
  }

  private WorkloadCertificate certificate(ControlPlane control, SpiffeId identity) {
    Settings read =
        new Settings(
            Map.of(
                "CA_ADDRESS", control.address(),
                "CA_ROOT_CA", control.root().toString(),
                "AUTH_TOKEN", control.token().toString()));
    ControlPlaneChannel channel =
        part(
            new ControlPlaneChannel(
                ControlPlaneSettings.from(read, Map.of(), "CA"), ClientCredentials.NONE),
            ControlPlaneChannel::close);
    return new IstioCa(
            new GrpcAuthority(channel), Duration.ofHours(1), true, InstantSource.system())
        .certify(identity);
  }

  private <P> P part(P part, Consumer<P> end) {
    parts.push(() -> end.accept(part));
    return part;
  }

  /** Connect here. */
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public void close() {
    while (!parts.isEmpty()) {
      parts.pop().run();
    }
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
