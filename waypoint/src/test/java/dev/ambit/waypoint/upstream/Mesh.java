package dev.ambit.waypoint.upstream;

import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.traffic.DestinationRules.Effective;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.TunnelProxy;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** A waypoint's upstreams over real sockets, and a proxy that ends tunnels on loopback. */
final class Mesh implements AutoCloseable {
  static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "waypoint");
  static final SpiffeId APP = new SpiffeId("cluster.local", "demo", "app");
  static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  final Transport transport = Transport.open(Transport.Kind.AUTO, 2);
  final EventLoop loop = transport.loops().getFirst();
  final Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
  final TestCa ca = TestCa.root("mesh");
  final MeshTls tls = MeshTls.best();
  final TunnelProxy proxy = new TunnelProxy(sockets, () -> ca.workload(APP));
  final AtomicInteger tunnelled = proxy.tunnelled;

  /** What a fake clock is ahead of the real one, in nanoseconds. */
  final AtomicLong ahead = new AtomicLong();

  final UpstreamGroup group;
  final Upstreams upstreams;

  Mesh() {
    this(new Here(WAYPOINT, LOOPBACK, Locality.UNKNOWN, "", ""));
  }

  Mesh(Here here) {
    HboneServer server = new HboneServer(tls, HboneSettings.DEFAULT, InstantSource.system(), proxy);
    Channel port =
        sockets
            .listen(new InetSocketAddress(LOOPBACK, 0), server.acceptor())
            .syncUninterruptibly()
            .channel();
    var identities =
        new TunnelPool.Identities(
            (identity, _) -> CompletableFuture.completedFuture(ca.workload(identity)), tls);
    group =
        new UpstreamGroup(
            new UpstreamGroup.Means(
                sockets,
                identities,
                HboneSettings.DEFAULT,
                ((InetSocketAddress) port.localAddress()).getPort()),
            here,
            new UpstreamGroup.Chance(
                InstantSource.system(),
                () -> System.nanoTime() + ahead.get(),
                RandomGenerator.of("L64X128MixRandom")));
    upstreams = onLoop(() -> group.of(loop));
  }

  <T> T onLoop(Callable<T> task) {
    Future<T> future = loop.submit(task).awaitUninterruptibly();
    if (!future.isSuccess()) {
      throw new AssertionError(future.cause());
    }
    return future.getNow();
  }

  static Workload plain(String uid) {
    return Workload.named(uid).name(uid).addresses(List.of(LOOPBACK)).build();
  }

  static Workload captured(String uid) {
    return Workload.named(uid)
        .name(uid)
        .namespace("demo")
        .serviceAccount("app")
        .addresses(List.of(LOOPBACK))
        .tunnel(Workload.Tunnel.HBONE)
        .build();
  }

  static Cluster cluster(
      Cluster.Protocol protocol, TrafficPolicy policy, Cluster.Endpoint... endpoints) {
    return new Cluster(
        new Cluster.Key(new ServiceKey("demo", "app.demo.svc.cluster.local"), "", 80, ""),
        protocol,
        List.of(endpoints),
        new Effective(policy, Map.of()),
        "");
  }

  Caller caller() {
    return new Caller(
        new dev.ambit.waypoint.config.Destination(
            null,
            plain("asked"),
            80,
            dev.ambit.waypoint.config.Destination.Protocol.HTTP,
            null,
            null,
            null,
            null,
            null,
            dev.ambit.waypoint.config.Destination.Telemetry.DEFAULT),
        new SpiffeId("cluster.local", "demo", "client"),
        new InetSocketAddress("10.0.0.7", 4711),
        new InetSocketAddress("10.96.0.1", 80),
        null,
        Instant.EPOCH,
        loop);
  }

  static HttpHeaders headers(String... pairs) {
    HttpHeaders headers = new DefaultHttpHeaders();
    for (int i = 0; i < pairs.length; i += 2) {
      headers.add(pairs[i], pairs[i + 1]);
    }
    return headers;
  }

  static RequestHead head(String method, String target, String... headers) {
    return new RequestHead(
        method, "http", "app.demo", target, headers(headers), "", RequestHead.Version.HTTP_1_1);
  }

  Upstreams.Call call(RequestHead head, String... tried) {
    HttpAttributes attributes =
        HttpAttributes.of(
                head.method(),
                head.scheme(),
                head.authority(),
                head.target(),
                name -> {
                  List<String> values = head.headers().getAll(name);
                  return values.isEmpty() ? null : String.join(",", values);
                },
                PathNormalization.BASE)
            .orElseThrow();
    return new Upstreams.Call(
        caller(),
        attributes,
        head.version(),
        new RequestHash.Connection("10.0.0.7", "10.0.0.7:4711", "10.96.0.1:80"),
        Set.of(tried));
  }

  Upstreams.Call bytesCall() {
    return new Upstreams.Call(caller(), null, RequestHead.Version.HTTP_1_1, null, Set.of());
  }

  Upstreams.Choice choose(Cluster cluster, Upstreams.Call call) {
    return onLoop(() -> upstreams.choose(cluster, call));
  }

  Upstreams.Chosen chosen(Cluster cluster, RequestHead head) {
    return (Upstreams.Chosen) choose(cluster, call(head));
  }

  /** One request without body, to its end. */
  Exchanged get(Cluster cluster, RequestHead head) throws Exception {
    Upstreams.Chosen chosen = chosen(cluster, head);
    try {
      Exchanged exchanged = Exchanged.open(this, chosen, head, true);
      exchanged.awaitEnd();
      return exchanged;
    } finally {
      onLoop(() -> {
        chosen.over();
        return true;
      });
    }
  }

  @Override
  public void close() {
    group.close();
    tls.close();
    transport.close();
  }
}
