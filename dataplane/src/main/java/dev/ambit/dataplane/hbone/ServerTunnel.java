package dev.ambit.dataplane.hbone;

import dev.ambit.dataplane.hbone.HboneServer.Incoming;
import dev.ambit.dataplane.relay.StreamLeg;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.identity.SpiffeId;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection of an {@link HboneServer}, from TCP accept to its end. Loop confined. */
final class ServerTunnel extends ChannelInboundHandlerAdapter {
  private static final long DRAIN_PING = 0x647261696eL;

  private final HboneServer server;
  private final Channel channel;
  private final InetSocketAddress remote;
  private final InetSocketAddress local;
  private final Instant opened;

  private @Nullable SpiffeId own;
  private @Nullable SpiffeId peer;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Future<?> deadline;
  private boolean handshaking = true;
  private boolean draining;
  private int streams;

  ServerTunnel(HboneServer server, Channel channel) {
    this.server = server;
    this.channel = channel;
    this.remote = (InetSocketAddress) channel.remoteAddress();
    this.local = (InetSocketAddress) channel.localAddress();
    this.opened = server.clock().instant();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    within(server.settings().handshakeTimeout(), "no request for a tunnel in time");
    CompletableFuture<WorkloadCertificate> certificate = server.terminator().certificate();
    if (certificate.isDone()) {
      secure(certificate);
    } else {
      certificate.whenComplete((_, _) -> ctx.executor().execute(() -> secure(certificate)));
    }
  }

  private void within(Duration limit, String otherwise) {
    cancelDeadline();
    deadline =
        channel.eventLoop().schedule(() -> end(otherwise), limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void cancelDeadline() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  private void end(String why) {
    report(why);
    channel.close();
  }

  private void report(String why) {
    if (handshaking && channel.isActive()) {
      server.terminator().refused(remote, local, why);
    }
  }

  private void secure(CompletableFuture<WorkloadCertificate> certificate) {
    if (!channel.isActive()) {
      return;
    }
    try {
      WorkloadCertificate newest = certificate.join();
      own = newest.identity();
      SslHandler handler = server.tls().server(newest, channel.alloc());
      // The deadline from accept covers it, however slowly the bytes trickle.
      handler.setHandshakeTimeoutMillis(0);
      channel.config().setRecvByteBufAllocator(TunnelPool.READS);
      // TLS has no half closes: the end of input is the end.
      channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
      channel.pipeline().addFirst(handler);
      channel.config().setAutoRead(true);
    } catch (CompletionException | java.util.concurrent.CancellationException none) {
      Throwable cause = none.getCause() == null ? none : none.getCause();
      end(String.valueOf(cause.getMessage()));
    } catch (MeshTls.Unusable unusable) {
      end(String.valueOf(unusable.getMessage()));
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      if (handshake.isSuccess()) {
        speak(ctx);
      } else {
        end("TLS handshake failed: " + MeshTls.explain(handshake.cause()));
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  private void speak(ChannelHandlerContext ctx) throws Exception {
    peer = MeshTls.peer(ctx.pipeline().get(SslHandler.class));
    Http2FrameCodec codec = Frames.server(server.settings());
    var settings = server.settings();
    ctx.pipeline()
        .addBefore(ctx.name(), null, codec)
        .addBefore(ctx.name(), null, new Frames.FlushOnce())
        .addBefore(ctx.name(), null, new Keepalive(settings.pingInterval(), settings.pingTimeout()))
        .addBefore(ctx.name(), null, new Http2MultiplexHandler(new Requests()));
    Frames.grantConnectionWindow(codec, settings.connectionWindow());
    ctx.channel().flush();
  }

  /** Each new stream of the peer. */
  private final class Requests extends ChannelInitializer<Http2StreamChannel> {
    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    protected void initChannel(Http2StreamChannel stream) {
      streams++;
      cancelDeadline();
      stream.closeFuture().addListener(_ -> streamEnded());
      StreamLeg.on(stream, new Request());
    }
  }

  private void streamEnded() {
    streams--;
    if (streams == 0) {
      if (draining) {
        channel.close();
      } else {
        within(HboneSettings.SERVER_IDLE, "unused");
      }
    }
  }

  /** One request, until it is answered. */
  private final class Request implements StreamLeg.Opening {
    private @Nullable Incoming incoming;

    @Override
    public void onHeaders(StreamLeg leg, Http2HeadersFrame headers) {
      if (own == null || peer == null) {
        throw new IllegalStateException("request before the handshake was over");
      }
      incoming = new Incoming(ConnectRequest.read(headers.headers()), own, peer, leg);
      server.terminator().connect(incoming);
    }

    @Override
    public void onFailed(Throwable cause) {
      if (incoming != null) {
        incoming.gone();
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    switch (msg) {
      case Http2SettingsFrame _ -> {
        if (handshaking) {
          handshakeOver();
          if (streams == 0) {
            within(HboneSettings.FIRST_REQUEST_TIMEOUT, "unused");
          }
        }
      }
      case Http2PingFrame ping -> {
        if (ping.ack() && ping.content() == DRAIN_PING) {
          // The peer has seen the first GOAWAY: what it opens from here on is refused.
          ctx.writeAndFlush(new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR));
          closeIfIdle();
        }
      }
      default -> ReferenceCountUtil.release(msg);
    }
  }

  private void handshakeOver() {
    if (handshaking) {
      handshaking = false;
      server.handshakeOver();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    report(MeshTls.explain(cause));
    Frames.closeAfter(cause, channel);
  }

  /** The channel is closed, by whomever. */
  void closed() {
    cancelDeadline();
    handshakeOver();
  }

  <T> Future<T> onLoop(Callable<T> task) {
    return channel.eventLoop().submit(task);
  }

  /** Two GOAWAYs, so that no request already on its way is refused (spec: hbone §10). */
  void drain() {
    if (context == null || handshaking) {
      channel.close();
      return;
    }
    var everything = new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR);
    everything.setExtraStreamIds(Integer.MAX_VALUE);
    context.write(everything);
    context.writeAndFlush(new DefaultHttp2PingFrame(DRAIN_PING));
  }

  private void closeIfIdle() {
    draining = true;
    if (streams == 0) {
      channel.close();
    }
  }

  void stop() {
    channel.close();
  }

  HboneServer.@Nullable Row row() {
    SpiffeId shown = own;
    SpiffeId proven = peer;
    return shown == null || proven == null
        ? null
        : new HboneServer.Row(local, remote, shown, proven, streams, opened, draining);
  }
}
