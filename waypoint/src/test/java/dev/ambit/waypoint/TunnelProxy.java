package dev.ambit.waypoint;

import dev.ambit.dataplane.hbone.ConnectReply;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The proxy of endpoints: carries each tunnel to the address it names. */
public final class TunnelProxy implements HboneServer.Terminator {
  private final Sockets sockets;
  private final Supplier<WorkloadCertificate> certificate;

  /** How many tunnels were opened. */
  public final AtomicInteger tunnelled = new AtomicInteger();

  public TunnelProxy(Sockets sockets, Supplier<WorkloadCertificate> certificate) {
    this.sockets = sockets;
    this.certificate = certificate;
  }

  @Override
  public CompletableFuture<WorkloadCertificate> certificate() {
    return CompletableFuture.completedFuture(certificate.get());
  }

  @Override
  public void connect(HboneServer.Incoming incoming) {
    tunnelled.incrementAndGet();
    String authority = String.valueOf(incoming.request().authority());
    int colon = authority.lastIndexOf(':');
    var dial =
        sockets.dial(
            incoming.loop(),
            new InetSocketAddress(
                authority.substring(0, colon), Integer.parseInt(authority.substring(colon + 1))),
            null,
            Duration.ofSeconds(5),
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                SocketLeg.on(channel);
              }
            });
    dial.addListener(f -> {
      if (f.isSuccess()) {
        SocketLeg far = dial.channel().pipeline().get(SocketLeg.class);
        Relay.join(
            incoming.accept(ConnectReply.open()),
            far,
            incoming.loop(),
            Duration.ofHours(1),
            new Relay.Listener() {
              @Override
              public void fromNear(int bytes) {}

              @Override
              public void fromFar(int bytes) {}

              @Override
              public void ended(@Nullable Throwable cause) {}
            });
      } else {
        incoming.refuse(503);
      }
    });
  }

  @Override
  public void refused(InetSocketAddress peer, InetSocketAddress local, String why) {}
}
