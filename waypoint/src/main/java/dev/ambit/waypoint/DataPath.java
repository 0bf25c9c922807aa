package dev.ambit.waypoint;

import dev.ambit.daemon.Drain;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.dataplane.hbone.HboneServer;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.dataplane.identity.Certificates.Priority;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.waypoint.auth.ProviderAuthorizer;
import dev.ambit.waypoint.call.Outcall;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.exchange.ExchangeSettings;
import dev.ambit.waypoint.exchange.Exchanges;
import dev.ambit.waypoint.exchange.Streams;
import dev.ambit.waypoint.limit.LocalLimits;
import dev.ambit.waypoint.server.Front;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.upstream.Here;
import dev.ambit.waypoint.upstream.UpstreamGroup;
import dev.ambit.waypoint.upstream.UpstreamRow;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Everything requests pass through, from the port of the tunnels to the endpoints. Made once the
 * mesh is known: before, every answer would be wrong.
 */
final class DataPath implements Drain.Part, AutoCloseable {
  private static final Log LOG = Log.scope("waypoint");

  private final Sockets sockets;
  private final UpstreamGroup upstreams;
  private final Outcall outcall;
  private final Front front;
  private final HboneServer server;
  private final Channel port;

  /** What it stands on. */
  record Ground(
      WaypointSettings settings,
      Programming programming,
      CertificateCache certificates,
      MeshTls tls,
      Transport transport,
      Recorder recorder,
      Metrics metrics) {}

  DataPath(Ground ground, UpstreamGroup.Chance chance, int endpointTunnels) {
    WaypointSettings settings = ground.settings();
    InstantSource clock = chance.clock();
    SpiffeId own = settings.pod().identity();
    this.sockets = new Sockets(ground.transport(), settings.transport().sockets(), null);
    this.upstreams =
        new UpstreamGroup(
            new UpstreamGroup.Means(
                sockets,
                new TunnelPool.Identities(ground.certificates(), ground.tls()),
                settings.hbone(),
                endpointTunnels),
            here(settings.pod(), ground.programming().current().mesh()),
            chance);
    this.outcall = new Outcall(ground.programming(), upstreams::of);
    var limits = new LocalLimits(chance.nanos(), ground.metrics());
    var parts =
        new Exchanges.Parts(
            ground.programming(),
            upstreams::of,
            new ProviderAuthorizer(
                new ProviderAuthorizer.Setting(
                    () -> providers(ground.programming()), own::toString, clock),
                outcall,
                ground.metrics()),
            limits::refuse,
            ground.recorder(),
            clock,
            () -> ThreadLocalRandom.current().nextLong());
    this.front =
        new Front(
            ground.programming(),
            () -> ground.certificates().fetch(own, Priority.REAL_TIME),
            new Front.Services(
                new Exchanges(
                    parts, ExchangeSettings.DEFAULT.of(own.toString(), settings.trustedProxies())),
                new Streams(parts)),
            settings.front(),
            clock);
    this.server = new HboneServer(ground.tls(), settings.hbone(), clock, front);
    this.port =
        sockets
            .listen(settings.addresses().tunnels(), server.acceptor())
            .syncUninterruptibly()
            .channel();
  }

  private static List<ExtensionProvider> providers(Programming programming) {
    return programming.current().meshConfig().map(MeshConfig::providers).orElse(List.of());
  }

  /** What the mesh says of this pod; next to nothing when it does not know it yet. */
  private static Here here(WaypointSettings.Pod pod, MeshView mesh) {
    return mesh.workloadAt(new NetworkAddress(pod.mesh().network(), pod.address()))
        .map(own -> Here.of(own, pod.address()))
        .orElseGet(() ->
            new Here(
                pod.identity(), pod.address(), Locality.UNKNOWN, pod.mesh().network(), pod.node()));
  }

  InetSocketAddress address() {
    return (InetSocketAddress) port.localAddress();
  }

  List<UpstreamRow> clusters() {
    return upstreams.rows();
  }

  /** Calls of the waypoint's own. */
  Outcall outcall() {
    return outcall;
  }

  /** Tunnels of clients. */
  List<HboneServer.Row> incoming() {
    return server.rows();
  }

  /** Tunnels to endpoints. */
  List<TunnelPool.Row> outgoing() {
    return upstreams.tunnels();
  }

  /**
   * New connections go elsewhere; in those there are, clients are asked to, and what is under way
   * comes to its end.
   */
  @Override
  public CompletableFuture<Void> finish() {
    port.close();
    front.drain();
    return server.drain();
  }

  @Override
  public void force() {
    LOG.info("closing what is still open", "connections", front.open());
    stopServing();
  }

  /** Breaks what is under way; calls of the waypoint's own still go out. */
  void stopServing() {
    port.close();
    server.stop();
  }

  @Override
  public void close() {
    stopServing();
    upstreams.close();
    sockets.close();
  }
}
