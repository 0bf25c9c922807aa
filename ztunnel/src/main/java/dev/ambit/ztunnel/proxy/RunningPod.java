package dev.ambit.ztunnel.proxy;

import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.model.Failure;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.ztunnel.dns.NameServer;
import dev.ambit.ztunnel.dns.NameService;
import dev.ambit.ztunnel.pod.PodRunner.Running;
import dev.ambit.ztunnel.pod.PodRunner.TunnelRow;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.PromiseCombiner;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** The listeners and tunnels of one pod, from start to stop. Thread-safe. */
final class RunningPod implements Running {
  /** After the last connection, for peers to see GOAWAY before their tunnels close. */
  private static final long FAREWELL_MILLIS = 500;

  private final Pod pod;
  private final TunnelPool.Identities identities;
  private final List<EventLoop> loops;
  private final Map<EventLoop, TunnelPool> pools = new IdentityHashMap<>();
  private final HboneServer server;
  private final OutboundListener outbound;
  private final PassthroughListener passthrough;
  private final Optional<NameServer> names;
  private final List<Channel> outwardPorts = new ArrayList<>();
  private final List<Channel> tunnelPorts = new ArrayList<>();
  private final AtomicBoolean stopped = new AtomicBoolean();

  RunningPod(Pod pod, PodProxy.Network network, TunnelPool.Identities identities) {
    this.pod = pod;
    this.identities = identities;
    this.loops = network.transport().loops();
    var hbone = pod.settings().hbone();
    var clock = pod.flows().clock();
    for (EventLoop loop : loops) {
      pools.put(loop, new TunnelPool(loop, pod.sockets(), identities, hbone, clock));
    }
    this.server =
        new HboneServer(
            identities.tls(), hbone, clock, new ConnectTerminator(pod, identities, loops));
    this.outbound = new OutboundListener(pod, pools, network.originals());
    this.passthrough = new PassthroughListener(pod, network.originals());
    this.names = network.names().map(this::nameServer);
  }

  private NameServer nameServer(NameService service) {
    EventLoop loop = loops.get(Math.floorMod(pod.local().uid().hashCode(), loops.size()));
    return service.forPod(
        loop,
        pod.sockets(),
        pod.local().network(),
        pod.mesh().view(),
        () -> pod.workload().await());
  }

  /** Binds all ports, or none. */
  CompletableFuture<RunningPod> start() {
    CompletableFuture<RunningPod> started = new CompletableFuture<>();
    EventLoop loop = loops.getFirst();
    CompletableFuture<Void> named =
        names.map(NameServer::start).orElse(CompletableFuture.completedFuture(null));
    named.whenCompleteAsync(
        (_, failure) -> {
          if (failure == null) {
            bind(loop, started);
          } else {
            started.completeExceptionally(cannotListen(failure));
          }
        },
        loop);
    return started;
  }

  private void bind(EventLoop loop, CompletableFuture<RunningPod> started) {
    try {
      ChannelFuture out = outbound.bind();
      ChannelFuture in = passthrough.bind();
      ChannelFuture tunnel =
          pod.sockets()
              .listen(pod.sockets().wildcard(pod.settings().ports().tunnel()), server.acceptor());
      outwardPorts.addAll(List.of(out.channel(), in.channel()));
      tunnelPorts.add(tunnel.channel());
      PromiseCombiner all = new PromiseCombiner(loop);
      all.addAll((Future<?>) out, in, tunnel);
      all.finish(loop.<Void>newPromise().addListener(f -> bound(f, started)));
    } catch (RuntimeException refused) {
      closePorts();
      started.completeExceptionally(refused);
    }
  }

  private void bound(Future<?> all, CompletableFuture<RunningPod> started) {
    if (all.isSuccess()) {
      started.complete(this);
    } else {
      closePorts();
      started.completeExceptionally(cannotListen(all.cause()));
    }
  }

  private CannotListen cannotListen(Throwable cause) {
    return new CannotListen(
        "listeners of pod " + pod.local().namespace() + "/" + pod.local().name(), cause);
  }

  /** A port of the pod could not be bound. */
  static final class CannotListen extends RuntimeException {
    CannotListen(String what, Throwable cause) {
      super(what + ": " + cause.getMessage(), cause);
    }
  }

  private void closePorts() {
    names.ifPresent(NameServer::closePorts);
    outwardPorts.forEach(Channel::close);
    tunnelPorts.forEach(Channel::close);
  }

  InetSocketAddress outboundAddress() {
    return (InetSocketAddress) outwardPorts.getFirst().localAddress();
  }

  InetSocketAddress passthroughAddress() {
    return (InetSocketAddress) outwardPorts.getLast().localAddress();
  }

  InetSocketAddress tunnelAddress() {
    return (InetSocketAddress) tunnelPorts.getFirst().localAddress();
  }

  @Override
  public CompletableFuture<Void> drain(Duration deadline) {
    outwardPorts.forEach(Channel::close);
    names.ifPresent(NameServer::closePorts);
    return pod.connections()
        .empty()
        .completeOnTimeout(null, deadline.toMillis(), TimeUnit.MILLISECONDS)
        .thenCompose(_ -> farewell());
  }

  /** Ends what is left with FIN, tells peers not to come again, and stops. */
  private CompletableFuture<Void> farewell() {
    tunnelPorts.forEach(Channel::close);
    pod.connections().cutAll(Failure.DRAINED, "connection closed due to connection drain");
    server.drain();
    eachPool(TunnelPool::drain);
    CompletableFuture<Void> gone = new CompletableFuture<>();
    GlobalEventExecutor.INSTANCE.schedule(
        () -> {
          stop();
          gone.complete(null);
        },
        FAREWELL_MILLIS,
        TimeUnit.MILLISECONDS);
    return gone;
  }

  @Override
  public void stop() {
    if (stopped.getAndSet(true)) {
      return;
    }
    closePorts();
    pod.connections().cutAll(Failure.DRAINED, "the pod is gone");
    server.stop();
    names.ifPresent(NameServer::close);
    pod.workload().now().ifPresent(workload -> identities.tls().forget(workload.identity()));
    pod.workload().close();
    // The namespace goes last: a dial that is under way on a loop still enters it.
    CompletableFuture<?>[] done =
        loops.stream()
            .map(loop -> CompletableFuture.runAsync(() -> pool(loop).stop(), loop))
            .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(done)
        .whenComplete((_, _) -> {
          pod.sockets().close();
          pod.local().network().close();
        });
  }

  private TunnelPool pool(EventLoop loop) {
    TunnelPool pool = pools.get(loop);
    if (pool == null) {
      throw new IllegalStateException("loop without a pool");
    }
    return pool;
  }

  private void eachPool(Consumer<TunnelPool> act) {
    pools.forEach((loop, pool) -> loop.execute(() -> act.accept(pool)));
  }

  @Override
  public List<TunnelRow> tunnels() {
    List<TunnelRow> rows = new ArrayList<>();
    pools.forEach((loop, pool) -> {
      List<TunnelPool.Row> some = loop.submit(pool::rows).awaitUninterruptibly().getNow();
      if (some != null) {
        some.forEach(row -> rows.add(outgoing(row)));
      }
    });
    server.rows().forEach(row -> rows.add(incoming(row)));
    return rows;
  }

  private TunnelRow outgoing(TunnelPool.Row row) {
    return new TunnelRow(
        pod.local().uid(),
        "outbound",
        print(row.local()),
        print(row.remote()),
        row.source().toString(),
        row.peer().toString(),
        row.streams(),
        row.opened().getEpochSecond(),
        row.retired() ? "retired" : "open");
  }

  private TunnelRow incoming(HboneServer.Row row) {
    return new TunnelRow(
        pod.local().uid(),
        "inbound",
        print(row.local()),
        print(row.remote()),
        row.peer().toString(),
        row.own().toString(),
        row.streams(),
        row.opened().getEpochSecond(),
        row.draining() ? "draining" : "open");
  }

  private static String print(InetSocketAddress address) {
    return IpAddresses.print(IpAddresses.plain(address));
  }
}
