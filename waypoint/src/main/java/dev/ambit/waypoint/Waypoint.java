package dev.ambit.waypoint;

import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.Drain;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.Tasks;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.dataplane.identity.Certificates.Priority;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.dataplane.identity.wire.GrpcAuthority;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.MeshStore;
import dev.ambit.dataplane.xds.NodeInfo;
import dev.ambit.dataplane.xds.wire.GrpcControlPlane;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.waypoint.auth.token.JwtTokens;
import dev.ambit.waypoint.auth.token.MeshFetch;
import dev.ambit.waypoint.auth.token.TokenSettings;
import dev.ambit.waypoint.auth.token.WebFetch;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.config.ObjectFollower;
import dev.ambit.waypoint.config.Place;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.config.Snapshots;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.recording.MeshTelemetry;
import dev.ambit.waypoint.telemetry.recording.SelfMetrics;
import dev.ambit.waypoint.upstream.UpstreamGroup;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The wiring of the waypoint: everything is made here, in the order of dependence, and ended in the
 * reverse one. Holds no logic.
 */
public final class Waypoint implements AutoCloseable {
  private static final Log LOG = Log.scope("waypoint");
  private static final InstantSource CLOCK = InstantSource.system();
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(15);
  private static final Duration SERIES_SWEEP = Duration.ofMinutes(1);
  private static final int TUNNEL_PORT = 15_008;

  private final WaypointSettings settings;
  private final int endpointTunnels;
  private final Metrics metrics = new Metrics();
  private final Readiness readiness = new Readiness();
  private final Drain drain = new Drain();
  private final Tasks tasks = new Tasks("waypoint");
  private final CompletableFuture<Void> quit = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicReference<@Nullable DataPath> path = new AtomicReference<>();

  /** What was started, the latest first: the order in which it ends. */
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private final OwnCalls calls;
  private final CertificateCache certificates;
  private final Snapshots snapshots;
  private final AdminServer readinessServer;
  private final AdminServer admin;
  private final AdminServer stats;

  private Waypoint(WaypointSettings settings, int endpointTunnels) {
    this.settings = settings;
    this.endpointTunnels = endpointTunnels;
    WaypointSettings.Addresses addresses = settings.addresses();
    try {
      // First, so that a supervisor sees that the process lives while all else comes up.
      Readiness.Gate synced = readiness.gate("state manager");
      Readiness.Gate serving = readiness.gate("tunnels");
      this.readinessServer =
          serve("readiness", addresses.readiness(), Map.of("/healthz/ready", readiness.page()));

      // Who this is, and what the mesh and its objects are.
      this.certificates = certificates(channel(settings.ca()));
      this.calls = new OwnCalls(settings.pod().address());
      this.snapshots = new Snapshots(place(), tokens());
      ObjectFollower follower = new ObjectFollower(snapshots);
      Resources resources = new Resources(follower);
      MeshTelemetry telemetry =
          new MeshTelemetry(
              metrics,
              CLOCK,
              snapshots,
              self(),
              new MeshTelemetry.Ways(calls, settings.told().environment()));

      // The data path comes once these are known.
      MeshTls tls = part(MeshTls.best());
      Transport transport =
          part(Transport.open(settings.transport().kind(), settings.transport().loops()));
      var ground =
          new DataPath.Ground(
              settings, snapshots, certificates, tls, transport, telemetry.recorder(), metrics);
      parts.addFirst(() -> endServing(telemetry));

      tellOfItself();
      this.admin = part(admin(resources));
      this.stats = serve("stats", addresses.stats(), metricsPages());
      serve("proxy stats", addresses.proxyStats(), metricsPages());
      DeltaStream stream =
          new DeltaStream(
              new GrpcControlPlane(channel(settings.xds()), info()),
              new MeshStore(List.of(follower)),
              metrics,
              synced,
              Thread::sleep);
      stream.follow(ObjectFollower.TYPE, resources);
      stream.onSynced(() -> open(ground, serving));
      tasks.keep("xds", LONGEST_BACK_OFF, stream::run);
      tasks.every("idle series", SERIES_SWEEP, telemetry::forgetIdleSeries);
    } catch (RuntimeException unable) {
      closeParts();
      throw unable;
    }
  }

  /**
   * Starts the waypoint; it is in use once its readiness says so.
   *
   * @throws RuntimeException when an address cannot be bound or this machine lacks something, with
   *     nothing left behind
   */
  public static Waypoint start(WaypointSettings settings) {
    return start(settings, TUNNEL_PORT);
  }

  /**
   * The same, where the proxies of endpoints listen on another port.
   *
   * @param endpointTunnels that port
   */
  static Waypoint start(WaypointSettings settings, int endpointTunnels) {
    Waypoint started = new Waypoint(settings, endpointTunnels);
    LOG.info(
        "waypoint started",
        "gateway",
        settings.pod().namespace() + "/" + settings.pod().gateway(),
        "admin",
        new Log.Plain(NetUtil.toSocketAddressString(started.admin.address())),
        "stats",
        new Log.Plain(NetUtil.toSocketAddressString(started.stats.address())),
        "readiness",
        new Log.Plain(NetUtil.toSocketAddressString(started.readinessServer.address())));
    return started;
  }

  private <P extends AutoCloseable> P part(P part) {
    parts.addFirst(part);
    return part;
  }

  private AdminServer serve(
      String name, InetSocketAddress address, Map<String, AdminServer.Page> pages) {
    return part(AdminServer.start(name, address, null, pages));
  }

  private AdminServer admin(Resources resources) {
    var shown =
        new AdminPages.Shown(
            settings,
            snapshots::current,
            resources::texts,
            certificates::rows,
            () -> Optional.ofNullable(path.get()));
    var pages = new AdminPages(shown, metrics, readiness, () -> quit.complete(null));
    Path socket = settings.addresses().socket().orElse(null);
    return AdminServer.start("admin", settings.addresses().admin(), socket, pages.pages());
  }

  private Map<String, AdminServer.Page> metricsPages() {
    return Map.of("/metrics", metrics.page(), "/stats/prometheus", metrics.page());
  }

  private ControlPlaneChannel channel(ControlPlaneSettings service) {
    return part(
        new ControlPlaneChannel(
            settings.token().map(service::withToken).orElse(service), ClientCredentials.NONE));
  }

  private Place place() {
    WaypointSettings.Mesh mesh = settings.pod().mesh();
    return new Place(
        settings.pod().namespace(),
        settings.pod().gateway(),
        "ambit-waypoint",
        mesh.network(),
        new Place.Mesh(
            Set.of(mesh.trustDomain()),
            mesh.rootNamespace(),
            mesh.clusterDomain(),
            Set.of(),
            false));
  }

  private JwtTokens tokens() {
    WaypointSettings.Keys keys = settings.keys();
    WebFetch fetch = part(new WebFetch(new WebFetch.Allowed(keys.plain(), keys.local())));
    MeshFetch anywhere = new MeshFetch(this::programmed, settings.pod().namespace(), calls, fetch);
    return part(new JwtTokens(TokenSettings.usual(CLOCK), anywhere, metrics));
  }

  private Snapshot programmed() {
    return snapshots.current();
  }

  private Self self() {
    WaypointSettings.Pod pod = settings.pod();
    return new Self(
        pod.namespace(),
        pod.gateway(),
        pod.name(),
        "latest",
        pod.address().getHostAddress(),
        pod.mesh().clusterId(),
        pod.mesh().trustDomain(),
        pod.mesh().network());
  }

  /** What a scrape shows of this process beside its traffic. */
  private void tellOfItself() {
    SelfMetrics.version(metrics, settings.told().version());
    SelfMetrics.inside(
        metrics,
        CLOCK,
        new SelfMetrics.Inside(
            certificates::rows,
            () -> tunnels(DataPath::incoming),
            () -> tunnels(DataPath::outgoing)));
  }

  private int tunnels(Function<DataPath, List<?>> rows) {
    DataPath open = path.get();
    return open == null ? 0 : rows.apply(open).size();
  }

  private NodeInfo info() {
    WaypointSettings.Pod pod = settings.pod();
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("NAME", pod.name());
    metadata.put("NAMESPACE", pod.namespace());
    metadata.put("INSTANCE_IPS", pod.addresses());
    metadata.put("NODE_NAME", pod.node());
    metadata.put("CLUSTER_ID", pod.mesh().clusterId());
    String domain = pod.namespace() + ".svc." + pod.mesh().clusterDomain();
    return new NodeInfo(
        "waypoint~"
            + pod.address().getHostAddress()
            + "~"
            + pod.name()
            + "."
            + pod.namespace()
            + "~"
            + domain,
        metadata);
  }

  private CertificateCache certificates(ControlPlaneChannel ca) {
    ExecutorService workers = part(Executors.newVirtualThreadPerTaskExecutor());
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("certificates").factory());
    parts.addFirst(timer::shutdownNow);
    // Closed before its workers, whose calls then end at once.
    parts.addFirst(workers::shutdownNow);
    CertificateCache cache =
        part(
            new CertificateCache(
                new IstioCa(new GrpcAuthority(ca), settings.secretTtl(), false, CLOCK),
                CLOCK,
                (delay, task) -> timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS),
                workers,
                new SplittableRandom()));
    cache.prefetch(settings.pod().identity());
    return cache;
  }

  /** On the thread of the stream, whenever everything was brought; the first time counts. */
  private void open(DataPath.Ground ground, Readiness.Gate serving) {
    certificates.retryNow();
    if (path.get() != null || drain.begun()) {
      return;
    }
    DataPath made = new DataPath(ground, UpstreamGroup.Chance.real(), endpointTunnels);
    path.set(made);
    drain.add(made);
    calls.open(made.outcall(), ground.transport().loops());
    LOG.info(
        "tunnels are taken",
        "address",
        new Log.Plain(NetUtil.toSocketAddressString(made.address())));
    awaitCertificate(serving);
  }

  private void awaitCertificate(Readiness.Gate serving) {
    SpiffeId own = settings.pod().identity();
    certificates
        .fetch(own, Priority.REAL_TIME)
        .whenComplete((_, failed) -> {
          if (failed == null) {
            serving.open();
          } else if (!closed.get()) {
            LOG.warn("no certificate yet", "identity", own, "error", failed.toString());
            CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS)
                .execute(() -> awaitCertificate(serving));
          }
        });
  }

  public InetSocketAddress adminAddress() {
    return admin.address();
  }

  public InetSocketAddress statsAddress() {
    return stats.address();
  }

  public InetSocketAddress readinessAddress() {
    return readinessServer.address();
  }

  /** Where tunnels are taken; empty before the mesh is known. */
  public Optional<InetSocketAddress> tunnelAddress() {
    return Optional.ofNullable(path.get()).map(DataPath::address);
  }

  public Readiness readiness() {
    return readiness;
  }

  /** Completes when somebody asked by {@code /quitquitquit} that this process ends. */
  public CompletableFuture<Void> quitRequested() {
    return quit;
  }

  /**
   * Ends gracefully: takes nothing new, lets what is under way end until the deadline, then closes.
   * The answer completes when no connection is left; {@link #close} is still to be called.
   */
  public CompletableFuture<Void> drain() {
    LOG.info("shutting down", "deadline", settings.terminationDeadline().toString());
    return drain.begin(settings.terminationDeadline());
  }

  /** Ends everything now. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      closeParts();
    }
  }

  /** What is told last still finds its way to collectors. */
  private void endServing(MeshTelemetry telemetry) {
    Optional<DataPath> open = Optional.ofNullable(path.get());
    open.ifPresent(DataPath::stopServing);
    telemetry.close();
    open.ifPresent(DataPath::close);
  }

  private void closeParts() {
    tasks.close();
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception failure) {
        LOG.warn("part did not close", "part", part.toString(), "error", failure.toString());
      }
    }
  }
}
