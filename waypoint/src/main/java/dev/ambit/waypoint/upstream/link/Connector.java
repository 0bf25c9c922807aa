package dev.ambit.waypoint.upstream.link;

import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.IpAddresses;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Opens channels and legs to endpoints on one event loop. Confined to it. */
public final class Connector {
  private static final int TUNNEL_PORT = 15_008;

  /**
   * Who connects.
   *
   * @param tunnelPort where proxies of endpoints listen, 15008 but in tests
   */
  public record Self(SpiffeId identity, InetAddress address, int tunnelPort) {
    public Self(SpiffeId identity, InetAddress address) {
      this(identity, address, TUNNEL_PORT);
    }
  }

  /** What it connects with; the tunnels are those of the loop. */
  public record Ways(EventLoop loop, Sockets sockets, TunnelPool tunnels) {}

  private final EventLoop loop;
  private final Sockets sockets;
  private final TunnelPool tunnels;
  private final BackendTls tls;
  private final Names names;
  private final Self self;

  public Connector(Ways ways, BackendTls tls, Names names, Self self) {
    this.loop = ways.loop();
    this.sockets = ways.sockets();
    this.tunnels = ways.tunnels();
    this.tls = tls;
    this.names = names;
    this.self = self;
  }

  public EventLoop loop() {
    return loop;
  }

  /**
   * A channel for bytes that does not read by itself. Fails with {@link LinkFailure} only; cancel
   * it to give up.
   *
   * @param handler added before anything can arrive
   */
  public Future<Channel> channel(Target target, ChannelHandler handler) {
    Promise<Channel> promise = loop.newPromise();
    var attempt = new Attempt<>(promise, target, loop);
    withTls(
        target,
        attempt,
        secure -> {
          ChannelHandler stack = stack(target, secure, handler);
          if (target.tunnel() == null) {
            resolved(target, attempt, address -> dial(target, address, attempt, stack));
          } else {
            tunnel(target, attempt, stream -> overTunnel(target, attempt, stream, stack));
          }
        });
    return promise;
  }

  /** A leg for bytes. Fails with {@link LinkFailure} only; cancel it to give up. */
  public Future<Leg> leg(Target target) {
    Promise<Leg> promise = loop.newPromise();
    if (target.tls() != null) {
      TlsLeg leg = new TlsLeg();
      Future<Channel> channel = channel(target, leg);
      promise.addListener(done -> {
        if (done.isCancelled()) {
          channel.cancel(false);
        }
      });
      channel.addListener((Future<Channel> made) -> {
        if (!made.isSuccess()) {
          promise.tryFailure(made.cause());
        } else if (!promise.trySuccess(leg)) {
          leg.abort();
        }
      });
      return promise;
    }
    var attempt = new Attempt<>(promise, target, loop);
    if (target.tunnel() == null) {
      resolved(target, attempt, address -> dialLeg(target, address, attempt));
    } else {
      tunnel(
          target,
          attempt,
          stream -> {
            prologue(target, stream.leg());
            if (!attempt.succeed(stream.leg())) {
              stream.leg().abort();
            }
          });
    }
    return promise;
  }

  /** Half-closes a channel it made, after what is queued. */
  public static void finish(Channel channel) {
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(_ -> {
          SslHandler tls = channel.pipeline().get(SslHandler.class);
          if (tls != null) {
            tls.closeOutbound();
          } else if (channel instanceof LegChannel leg) {
            leg.finish();
          } else if (channel instanceof DuplexChannel socket) {
            socket.shutdownOutput();
          }
        });
  }

  /** What to do with the context for TLS, null without TLS. */
  private interface WithTls {
    void go(BackendTls.@Nullable Ready secure);
  }

  private void withTls(Target target, Attempt<?> attempt, WithTls then) {
    if (target.tls() == null) {
      then.go(null);
      return;
    }
    Future<BackendTls.Ready> ready = tls.ready(target.tls(), target.alpn(), loop);
    if (ready.isSuccess()) {
      then.go(ready.getNow());
      return;
    }
    ready.addListener((Future<BackendTls.Ready> done) -> {
      if (!done.isSuccess()) {
        attempt.fail(message(done.cause()));
      } else if (!attempt.isOver()) {
        then.go(done.getNow());
      }
    });
  }

  /** What to do with an address. */
  private interface WithAddress {
    void go(InetSocketAddress address);
  }

  private void resolved(Target target, Attempt<?> attempt, WithAddress then) {
    InetSocketAddress address = target.address();
    if (!address.isUnresolved()) {
      then.go(address);
      return;
    }
    Future<InetAddress> found = names.resolve(address.getHostString(), loop);
    found.addListener((Future<InetAddress> done) -> {
      if (!done.isSuccess()) {
        attempt.fail(message(done.cause()));
      } else if (!attempt.isOver()) {
        then.go(new InetSocketAddress(done.getNow(), address.getPort()));
      }
    });
  }

  private void dial(
      Target target, InetSocketAddress address, Attempt<Channel> attempt, ChannelHandler stack) {
    ChannelFuture connect = sockets.dial(loop, address, null, target.timeout(), stack);
    attempt.onCancel(connect.channel()::close);
    connect.addListener(done -> {
      if (done.isSuccess()) {
        secured(target, attempt, connect.channel());
      } else {
        attempt.fail(connectFailed(address, done.cause()));
      }
    });
  }

  private void dialLeg(Target target, InetSocketAddress address, Attempt<Leg> attempt) {
    ChannelFuture connect =
        sockets.dial(
            loop,
            address,
            null,
            target.timeout(),
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                SocketLeg.on(channel);
              }
            });
    attempt.onCancel(connect.channel()::close);
    connect.addListener(done -> {
      if (!done.isSuccess()) {
        attempt.fail(connectFailed(address, done.cause()));
        return;
      }
      SocketLeg leg = connect.channel().pipeline().get(SocketLeg.class);
      prologue(target, leg);
      if (!attempt.succeed(leg)) {
        leg.abort();
      }
    });
  }

  private static String connectFailed(InetSocketAddress address, @Nullable Throwable cause) {
    return "connection to " + IpAddresses.print(address) + " failed: " + message(cause);
  }

  /** What to do with a stream of a tunnel. */
  private interface WithStream {
    void go(TunnelPool.Stream stream);
  }

  private void tunnel(Target target, Attempt<?> attempt, WithStream then) {
    SpiffeId peer = java.util.Objects.requireNonNull(target.tunnel());
    TunnelPool.Key key =
        new TunnelPool.Key(
            self.identity(),
            Set.of(peer),
            new InetSocketAddress(target.address().getAddress(), self.tunnelPort()),
            self.address());
    ConnectRequest request =
        new ConnectRequest("CONNECT", IpAddresses.print(target.address()), "", "", "", "", "");
    Future<TunnelPool.Stream> stream = tunnels.open(key, request);
    attempt.onCancel(() -> stream.cancel(false));
    stream.addListener((Future<TunnelPool.Stream> done) -> {
      if (done.isSuccess()) {
        then.go(done.getNow());
      } else {
        attempt.fail(message(done.cause()));
      }
    });
  }

  private void overTunnel(
      Target target, Attempt<Channel> attempt, TunnelPool.Stream stream, ChannelHandler stack) {
    var local = new InetSocketAddress(self.address(), 0);
    LegChannel channel = LegChannel.of(stream.leg(), local, target.address(), stack);
    channel.begin(
        loop,
        () -> {
          attempt.onCancel(channel::close);
          secured(target, attempt, channel);
        });
  }

  /** The last step: TLS, when there is some. */
  private static void secured(Target target, Attempt<Channel> attempt, Channel channel) {
    SslHandler handler = channel.pipeline().get(SslHandler.class);
    if (handler == null) {
      succeed(attempt, channel);
      return;
    }
    channel.read();
    handler
        .handshakeFuture()
        .addListener(done -> {
          if (done.isSuccess()) {
            succeed(attempt, channel);
          } else {
            attempt.fail(tlsFailed(target, done.cause()));
            channel.close();
          }
        });
  }

  private static String tlsFailed(Target target, Throwable cause) {
    String who =
        target.serverName().isEmpty()
            ? target.address().getHostString() + ":" + target.address().getPort()
            : target.serverName();
    return "TLS to " + who + " failed: " + deepest(cause);
  }

  /** Everything that sees a channel, from the socket up, in place before it is active. */
  private static ChannelHandler stack(
      Target target, BackendTls.@Nullable Ready secure, ChannelHandler handler) {
    return new ChannelInitializer<>() {
      @Override
      protected void initChannel(Channel channel) {
        // For a codec the end of input is the end.
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        if (!target.prologue().isEmpty()) {
          channel.pipeline().addLast(new Prologue(target));
        }
        if (secure != null) {
          SslHandler tls = secure.handler(channel.alloc(), target.serverName());
          tls.setHandshakeTimeoutMillis(target.timeout().toMillis());
          channel.pipeline().addLast(tls);
        }
        channel.pipeline().addLast(handler);
      }
    };
  }

  /** Speaks before everybody else. */
  private static final class Prologue extends ChannelInboundHandlerAdapter {
    private final Target target;

    private Prologue(Target target) {
      this.target = target;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      ctx.writeAndFlush(prologue(target), ctx.voidPromise());
      ctx.fireChannelActive();
    }
  }

  private static void succeed(Attempt<Channel> attempt, Channel channel) {
    if (!channel.isActive()) {
      attempt.fail("closed by the endpoint");
    } else if (!attempt.succeed(channel)) {
      channel.close();
    }
  }

  private static void prologue(Target target, Leg leg) {
    if (!target.prologue().isEmpty()) {
      leg.write(prologue(target));
      leg.flush();
    }
  }

  private static ByteBuf prologue(Target target) {
    return Unpooled.wrappedBuffer(target.prologue().getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String message(@Nullable Throwable cause) {
    return cause == null ? "closed" : String.valueOf(cause.getMessage());
  }

  private static String deepest(Throwable cause) {
    Throwable inner = cause;
    while (inner.getCause() != null && inner.getCause() != inner) {
      inner = inner.getCause();
    }
    return String.valueOf(inner.getMessage());
  }
}
