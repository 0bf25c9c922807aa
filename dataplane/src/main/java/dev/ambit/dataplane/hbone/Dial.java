package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Brings up one {@link Tunnel}: TCP, TLS, HTTP/2 preface. Confined to its event loop. */
final class Dial {
  /** The standard port of tunnels; a NetworkPolicy that forgets it is a common mistake. */
  private static final int TUNNEL_PORT = 15_008;

  /** What comes of it: exactly one of the two, once. */
  interface Outcome {
    /** The tunnel takes its first stream; the peer's SETTINGS are still to come. */
    void connected(Tunnel tunnel);

    void failed(TunnelFailure failure);
  }

  private final TunnelPool.Key key;
  private final WorkloadCertificate certificate;
  private final HboneSettings settings;
  private final Tunnel.Owner owner;
  private final Outcome outcome;
  private boolean over;
  private @Nullable Future<?> deadline;

  Dial(
      TunnelPool.Key key,
      WorkloadCertificate certificate,
      HboneSettings settings,
      Tunnel.Owner owner,
      Outcome outcome) {
    this.key = key;
    this.certificate = certificate;
    this.settings = settings;
    this.owner = owner;
    this.outcome = outcome;
  }

  /** Starts; answers the socket, so that it can be closed from outside. */
  Channel start(EventLoop loop, Sockets sockets, MeshTls tls, InstantSource clock) {
    ChannelFuture connect =
        sockets.dial(
            loop, key.nextHop(), null, settings.connectTimeout(), new Handshake(tls, clock));
    connect.addListener(f -> {
      if (!f.isSuccess()) {
        fail(unreachable(key.nextHop(), f.cause()));
      }
    });
    return connect.channel();
  }

  private void fail(TunnelFailure failure) {
    if (!over) {
      over = true;
      if (deadline != null) {
        deadline.cancel(false);
      }
      outcome.failed(failure);
    }
  }

  /** What a failed TCP connect to a tunnel port means. */
  static TunnelFailure unreachable(InetSocketAddress hop, @Nullable Throwable cause) {
    if (!(cause instanceof ConnectTimeoutException)) {
      return new TunnelFailure(Failure.UNREACHABLE, "connection failed: " + message(cause));
    }
    return hop.getPort() == TUNNEL_PORT
        ? new TunnelFailure(
            Failure.BLOCKED_TUNNEL_PORT,
            "connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: "
                + message(cause))
        : new TunnelFailure(Failure.CONNECT_TIMEOUT, "connection failed: " + message(cause));
  }

  private static String message(@Nullable Throwable cause) {
    return cause == null ? "closed" : String.valueOf(cause.getMessage());
  }

  /** From TCP to the first SETTINGS of the peer. */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    private final MeshTls tls;
    private final InstantSource clock;
    private boolean secured;

    private Handshake(MeshTls tls, InstantSource clock) {
      this.tls = tls;
      this.clock = clock;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      Channel channel = ctx.channel();
      channel.config().setRecvByteBufAllocator(TunnelPool.READS);
      // TLS has no half closes: the end of input is the end.
      channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
      SslHandler handler = tls.client(certificate, key.peers(), channel.alloc());
      handler.setHandshakeTimeoutMillis(settings.handshakeTimeout().toMillis());
      deadline =
          ctx.executor()
              .schedule(
                  () -> late(ctx), settings.handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
      ctx.pipeline().addFirst(handler);
      channel.config().setAutoRead(true);
      ctx.fireChannelActive();
    }

    private void late(ChannelHandlerContext ctx) {
      fail(broken("no answer in " + settings.handshakeTimeout().toSeconds() + " s"));
      ctx.channel().close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      if (event instanceof SslHandshakeCompletionEvent handshake) {
        if (!handshake.isSuccess()) {
          fail(broken(MeshTls.explain(handshake.cause())));
          ctx.close();
        } else if (over) {
          ctx.close();
        } else {
          secured(ctx);
        }
      }
      ctx.fireUserEventTriggered(event);
    }

    private void secured(ChannelHandlerContext ctx) throws Exception {
      secured = true;
      SpiffeId peer = MeshTls.peer(ctx.pipeline().get(SslHandler.class));
      Http2FrameCodec codec = Frames.client(settings);
      Tunnel tunnel = new Tunnel(ctx.channel(), peer, settings, clock.instant(), new Ready());
      ctx.pipeline()
          .addLast(codec)
          .addLast(new Frames.FlushOnce())
          .addLast(new Keepalive(settings.pingInterval(), settings.pingTimeout()))
          // A tunnel has no streams that its server opens.
          .addLast(new Http2MultiplexHandler(new Unwanted()))
          .addLast(tunnel);
      Frames.grantConnectionWindow(codec, settings.connectionWindow());
      ctx.pipeline().remove(this);
      over = true;
      outcome.connected(tunnel);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fail(broken(MeshTls.explain(cause)));
      ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      if (!secured) {
        fail(broken("closed by the peer"));
      }
      ctx.fireChannelInactive();
    }

    private TunnelFailure broken(String why) {
      return tlsFailed(key, why);
    }
  }

  /** Names both ends, so that an operator sees which of them is wrong. */
  static TunnelFailure tlsFailed(TunnelPool.Key key, String why) {
    String peers =
        key.peers().stream().map(SpiffeId::toString).sorted().collect(Collectors.joining(" or "));
    return new TunnelFailure(
        Failure.TLS, "TLS from " + key.source() + " to " + peers + " failed: " + why);
  }

  /** Ends the handshake deadline when the peer speaks. */
  private final class Ready implements Tunnel.Owner {
    @Override
    public void ready(Tunnel tunnel) {
      if (deadline != null) {
        deadline.cancel(false);
      }
      owner.ready(tunnel);
    }

    @Override
    public void streamEnded(Tunnel tunnel) {
      owner.streamEnded(tunnel);
    }

    @Override
    public void retired(Tunnel tunnel) {
      if (deadline != null) {
        deadline.cancel(false);
      }
      owner.retired(tunnel);
    }
  }

  /** Refuses streams opened by the server. */
  @io.netty.channel.ChannelHandler.Sharable
  private static final class Unwanted extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.close();
    }
  }
}
