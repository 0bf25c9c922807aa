package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.flow.Flow;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.TunnelFailure;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.relay.Leg;
import dev.ambit.dataplane.relay.Relay;
import dev.ambit.dataplane.relay.SocketLeg;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.route.Route;
import dev.ambit.model.route.Router;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.Workload;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One captured connection of the pod: decided, opened, relayed (spec: hbone §5). Confined to the
 * loop of its socket, but for {@link #cut}.
 */
final class OutboundConnection implements Connections.Connection, Relay.Listener {
  private final Pod pod;
  private final TunnelPool pool;
  private final SocketLeg near;
  private final EventLoop loop;
  private final InetSocketAddress source;
  private final InetSocketAddress original;
  private final Flow flow;

  private OpenConnections.@Nullable Entry entry;
  private @Nullable Future<?> opening;
  private @Nullable Relay relay;
  private boolean over;

  OutboundConnection(Pod pod, TunnelPool pool, SocketLeg near, InetSocketAddress original) {
    Channel channel = near.channel();
    this.pod = pod;
    this.pool = pool;
    this.near = near;
    this.loop = channel.eventLoop();
    this.source = IpAddresses.plain((InetSocketAddress) channel.remoteAddress());
    this.original = IpAddresses.plain(original);
    this.flow = pod.flows().recorder().begin(Flow.Direction.OUTBOUND, loop, source, this.original);
  }

  void begin() {
    if (!pod.connections().add(this)) {
      refuse(Failure.OVERLOADED, "too many connections of this pod or of this node");
      return;
    }
    // The client may vanish while its route is still being opened.
    near.channel().closeFuture().addListener(_ -> abandoned());
    CompletableFuture<Workload> workload = pod.workload().await();
    if (workload.isDone()) {
      decide(workload);
    } else {
      workload.whenComplete((_, _) -> loop.execute(() -> decide(workload)));
    }
  }

  private void decide(CompletableFuture<Workload> known) {
    if (over) {
      return;
    }
    if (known.isCompletedExceptionally()) {
      refuse(Failure.UNKNOWN_WORKLOAD, String.valueOf(known.exceptionNow().getMessage()));
      return;
    }
    Workload workload = known.join();
    flow.source(workload);
    take(
        workload,
        pod.mesh()
            .router()
            .route(
                pod.mesh().view().get(),
                workload,
                source.getAddress(),
                original,
                ThreadLocalRandom.current()));
  }

  private void take(Workload workload, Route route) {
    switch (route) {
      case Route.Direct direct -> dial(direct);
      case Route.Tunnel tunnel -> open(workload, tunnel);
      case Route.ResolveName name -> resolve(workload, name);
      case Route.Refused refused -> refuse(refused.failure(), refused.reason());
      case Route.DoubleTunnel through ->
          refuse(
              Failure.NO_GATEWAY,
              through.authority()
                  + " is on another network; tunnels through gateways are not supported yet");
      case Route.Unresolved missing ->
          refuse(
              Failure.UNKNOWN_DESTINATION,
              missing.key() + " is not known, and this proxy does not ask on demand");
    }
  }

  private void reached(Route.Target to, InetSocketAddress nextHop) {
    flow.destination(to.workload());
    flow.service(to.service());
    flow.destinationAddress(nextHop);
  }

  private void dial(Route.Direct direct) {
    reached(direct.to(), direct.nextHop());
    flow.opened();
    track(direct.nextHop(), "TCP");
    ChannelFuture dial =
        pod.sockets()
            .dial(
                loop,
                direct.nextHop(),
                null,
                pod.settings().hbone().connectTimeout(),
                Dialled.beyond());
    opening = dial;
    dial.addListener(f -> {
      if (f.isSuccess()) {
        join(dial.channel().pipeline().get(SocketLeg.class));
      } else {
        fail(Dialled.failure(f.cause()), Dialled.explain(f.cause()));
      }
    });
  }

  private void open(Workload workload, Route.Tunnel tunnel) {
    reached(tunnel.to(), tunnel.nextHop());
    flow.authority(tunnel.authority());
    flow.mutualTls(workload.identity(), expected(tunnel));
    flow.opened();
    track(tunnel.nextHop(), "HBONE");
    var service = tunnel.to().service();
    TunnelPool.Key key =
        new TunnelPool.Key(
            workload.identity(), tunnel.peers(), tunnel.nextHop(), source.getAddress());
    Future<TunnelPool.Stream> stream =
        pool.open(
            key,
            ConnectRequest.of(
                tunnel.authority(), source, service == null ? "" : service.hostname(), workload));
    opening = stream;
    stream.addListener(f -> opened(workload, (Future<?>) f));
  }

  /** Whom the log names until the peer has proven itself. */
  private static SpiffeId expected(Route.Tunnel tunnel) {
    Workload next = tunnel.to().workload();
    return next != null && tunnel.peers().contains(next.identity())
        ? next.identity()
        : tunnel.peers().iterator().next();
  }

  private void opened(Workload workload, Future<?> answer) {
    if (answer.isSuccess()) {
      TunnelPool.Stream stream = (TunnelPool.Stream) answer.getNow();
      flow.mutualTls(workload.identity(), stream.peer());
      if (!stream.reply().baggage().isEmpty()) {
        flow.baggage(stream.reply().baggage());
      }
      join(stream.leg());
    } else if (answer.cause() instanceof TunnelFailure failure) {
      fail(failure.failure(), failure.detail());
    } else {
      fail(Failure.BROKEN, String.valueOf(answer.cause()));
    }
  }

  private void resolve(Workload workload, Route.ResolveName name) {
    CompletableFuture<InetAddress> address = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("resolve " + name.hostname())
        .start(() -> {
          try {
            address.complete(InetAddress.getByName(name.hostname()));
          } catch (UnknownHostException unknown) {
            address.completeExceptionally(unknown);
          }
        });
    address
        .orTimeout(ProxySettings.WORKLOAD_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .whenComplete((found, failed) ->
            loop.execute(() -> {
              if (over) {
                return;
              }
              if (found == null) {
                refuse(
                    Failure.UNKNOWN_DESTINATION,
                    "cannot resolve " + name.hostname() + ": " + failed);
              } else {
                take(workload, Router.resolved(name, found));
              }
            }));
  }

  private void track(InetSocketAddress actual, String protocol) {
    entry =
        pod.flows()
            .open()
            .outbound(pod.local().uid(), source, original, actual, protocol, this::cut);
  }

  private void join(Leg far) {
    opening = null;
    if (over) {
      far.abort();
    } else {
      relay = Relay.join(near, far, loop, ProxySettings.HALF_OPEN_LIMIT, this);
    }
  }

  @Override
  public void fromNear(int bytes) {
    flow.toServer(bytes);
  }

  @Override
  public void fromFar(int bytes) {
    flow.toClient(bytes);
  }

  @Override
  public void ended(@Nullable Throwable cause) {
    if (over) {
      return;
    }
    if (cause == null) {
      flow.closed();
    } else {
      flow.failed(Dialled.brokenBy(cause), String.valueOf(cause.getMessage()));
    }
    end();
  }

  /** The client went away before anything could be relayed. */
  private void abandoned() {
    if (!over && relay == null) {
      flow.failed(Failure.BROKEN, "connection closed by the client while it was being opened");
      end();
    }
  }

  private void refuse(Failure failure, String detail) {
    flow.refusedEarly(failure, detail);
    end();
    near.reset();
  }

  private void fail(Failure failure, String detail) {
    if (!over) {
      flow.failed(failure, detail);
      end();
      near.reset();
    }
  }

  @Override
  public void cut(Failure failure, String reason) {
    loop.execute(() -> {
      if (over) {
        return;
      }
      flow.failed(failure, reason);
      end();
      if (relay != null) {
        relay.cut(null);
      } else {
        near.abort();
      }
    });
  }

  /** Once, whatever the way: leaves every table, and gives up what is under way. */
  private void end() {
    over = true;
    if (entry != null) {
      entry.close();
    }
    if (opening != null) {
      opening.cancel(false);
    }
    pod.connections().remove(this);
  }
}
