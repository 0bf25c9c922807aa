package dev.ambit.ztunnel;

import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.Drain;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.Tasks;
import dev.ambit.dataplane.controlplane.Bearer;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.flow.FlowRecorder;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.dataplane.identity.IstioCa;
import dev.ambit.dataplane.identity.NodeIdentity;
import dev.ambit.dataplane.identity.wire.GrpcAuthority;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.RevocationLists;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.LocalIdentities;
import dev.ambit.dataplane.xds.MeshStore;
import dev.ambit.dataplane.xds.wire.GrpcControlPlane;
import dev.ambit.ztunnel.admin.AdminPages;
import dev.ambit.ztunnel.admin.ConfigDump;
import dev.ambit.ztunnel.dns.NameService;
import dev.ambit.ztunnel.pod.PodRoster;
import dev.ambit.ztunnel.pod.PodRunner;
import dev.ambit.ztunnel.pod.ZdsClient;
import dev.ambit.ztunnel.pod.wire.ZdsCodec;
import io.micrometer.core.instrument.FunctionCounter;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The wiring of the node daemon: everything is made here, in the order of dependence, and ended in
 * the reverse one. Holds no logic.
 */
public final class Ztunnel implements AutoCloseable {
  private static final Log LOG = Log.scope("ztunnel");
  private static final String VERSION = "0.1.0";
  private static final Duration LONGEST_BACK_OFF = Duration.ofSeconds(15);
  private static final Duration REVOCATION_LOOK = Duration.ofSeconds(1);
  private static final Duration SERIES_SWEEP = Duration.ofMinutes(1);

  private final ZtunnelSettings settings;
  private final World world;
  private final Metrics metrics = new Metrics();
  private final Readiness readiness = new Readiness();
  private final Drain drain = new Drain();
  private final Tasks tasks = new Tasks("ztunnel");
  private final CompletableFuture<Void> quit = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** What was started, the latest first: the order in which it ends. */
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private final MeshStore mesh;
  private final CertificateCache certificates;
  private final OpenConnections connections;
  private final PodRoster roster;
  private final ZdsClient zds;
  private final AdminServer readinessServer;
  private final AdminServer admin;
  private final AdminServer stats;

  private Ztunnel(ZtunnelSettings settings, World world) {
    this.settings = settings;
    this.world = world;
    try {
      build();
      // First, so that a supervisor sees that the process lives while all else comes up.
      Readiness.Gate synced = readiness.gate("state manager");
      Readiness.Gate proxies = readiness.gate("workload proxy manager");
      Map<String, AdminServer.Page> ready = Map.of("/healthz/ready", readiness.page());
      this.readinessServer = serve("readiness", settings.admin().readiness(), null, ready);

      // Who this node is, what its pods are, and what the mesh is.
      ClientCredentials credentials = credentials();
      MeshTls tls = part(tls());
      this.certificates = certificates(channel(settings.ca(), credentials));
      this.mesh = new MeshStore(List.of(localIdentities(tls)));
      this.connections = part(new OpenConnections(mesh.mesh()));

      // The data path.
      FlowRecorder flows = new FlowRecorder(metrics, world.clock());
      Transport transport =
          part(Transport.open(settings.transport().kind(), settings.transport().loops()));
      World.DataPath path =
          new World.DataPath(
              settings,
              mesh.mesh(),
              certificates,
              tls,
              transport,
              flows,
              connections,
              settings.dns().map(dns -> new NameService(dns, metrics)));
      PodRunner runner = world.runners().open(path);
      this.roster = new PodRoster(runner, proxies, metrics, settings.terminationDeadline());
      drain.add(roster);
      this.zds = part(new ZdsClient(settings.inpodSocket(), new ZdsCodec(), roster, world.pause()));

      AdminPages pages = new AdminPages(dump(), metrics, readiness, () -> quit.complete(null));
      ZtunnelSettings.Admin addresses = settings.admin();
      this.admin =
          serve("admin", addresses.admin(), addresses.socket().orElse(null), pages.pages());
      this.stats = serve("stats", addresses.stats(), null, metricsPages());
      run(channel(settings.xds(), credentials), synced, flows);
    } catch (RuntimeException unable) {
      closeParts();
      throw unable;
    }
  }

  /**
   * Starts the daemon; it is in use once its readiness says so.
   *
   * @throws RuntimeException when an address cannot be bound or this machine lacks something, with
   *     nothing left behind
   */
  public static Ztunnel start(ZtunnelSettings settings, World world) {
    Ztunnel started = new Ztunnel(settings, world);
    LOG.info(
        "ztunnel started",
        "node",
        settings.node().name(),
        "admin",
        new Log.Plain(NetUtil.toSocketAddressString(started.adminAddress())),
        "stats",
        new Log.Plain(NetUtil.toSocketAddressString(started.statsAddress())),
        "readiness",
        new Log.Plain(NetUtil.toSocketAddressString(started.readinessAddress())));
    return started;
  }

  private <P extends AutoCloseable> P part(P part) {
    parts.addFirst(part);
    return part;
  }

  private AdminServer serve(
      String name,
      InetSocketAddress address,
      @Nullable Path socket,
      Map<String, AdminServer.Page> pages) {
    return part(AdminServer.start(name, address, socket, pages));
  }

  private Map<String, AdminServer.Page> metricsPages() {
    return Map.of("/metrics", metrics.page(), "/stats/prometheus", metrics.page());
  }

  /** Certificates are fetched ahead for the workloads of this node, and dropped with them. */
  private LocalIdentities localIdentities(MeshTls tls) {
    return new LocalIdentities(
        settings.node().name(),
        certificates::prefetch,
        gone -> {
          certificates.forget(gone);
          tls.forget(gone);
        });
  }

  /** Refuses revoked peers, and cuts their connections when a list comes to name them. */
  private MeshTls tls() {
    if (settings.revocationLists().isEmpty()) {
      return MeshTls.best();
    }
    RevocationLists lists = RevocationLists.in(settings.revocationLists().get());
    lists.refresh();
    MeshTls tls = MeshTls.best(lists);
    for (boolean clients : new boolean[] {true, false}) {
      FunctionCounter.builder("istio_crl_policy_rejections", lists, of -> of.refused(clients))
          .tag("reporter", clients ? "destination" : "source")
          .description("Peers refused or cut off because their certificate is revoked.")
          .register(metrics.registry());
    }
    tasks.every(
        "revocation lists",
        REVOCATION_LOOK,
        () -> {
          if (lists.refresh()) {
            tls.closeRevoked();
          }
        });
    return tls;
  }

  /** {@code istio_build}: which version runs. */
  private void build() {
    metrics
        .gauges("istio_build", "Istio component build info.", List.of("component", "tag"))
        .cell(Map.of("component", "ztunnel", "tag", settings.istioVersion()))
        .add(1);
  }

  /** A node that joined shows its certificate; else a token in each call says who asks. */
  private ClientCredentials credentials() {
    if (settings.join().isEmpty()) {
      return ClientCredentials.NONE;
    }
    ZtunnelSettings.Join join = settings.join().get();
    ControlPlaneChannel joining =
        part(
            new ControlPlaneChannel(settings.ca().withToken(join.token()), ClientCredentials.NONE));
    return new NodeIdentity(
        new NodeIdentity.Node(
            settings.node().name(),
            settings.node().trustDomain(),
            join.state(),
            settings.ca().roots()),
        new GrpcAuthority(joining),
        Duration.ofHours(24),
        world.clock());
  }

  private ControlPlaneChannel channel(ControlPlaneSettings service, ClientCredentials credentials) {
    return part(
        new ControlPlaneChannel(
            settings.join().isPresent() ? service.withToken(Bearer.NONE) : service, credentials));
  }

  private CertificateCache certificates(ControlPlaneChannel ca) {
    ExecutorService workers = part(Executors.newVirtualThreadPerTaskExecutor());
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("certificates").factory());
    parts.addFirst(timer::shutdownNow);
    // Closed before its workers, whose calls then end at once.
    parts.addFirst(workers::shutdownNow);
    return part(
        new CertificateCache(
            new IstioCa(new GrpcAuthority(ca), settings.secretTtl(), true, world.clock()),
            world.clock(),
            (delay, task) -> timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS),
            workers,
            new SplittableRandom()));
  }

  private ConfigDump dump() {
    return new ConfigDump(
        mesh.mesh()::get,
        certificates::rows,
        roster::rows,
        connections::rows,
        EffectiveConfig.of(settings),
        version());
  }

  private JsonNode version() {
    return Json.object()
        .put("version", VERSION)
        .put("gitRevision", "unknown")
        .put("rustVersion", "none: Java " + Runtime.version())
        .put("buildProfile", "release")
        .put("buildStatus", "Clean")
        .put("istioVersion", settings.istioVersion())
        .put("cryptoProvider", "boringssl");
  }

  /** The threads of control: the stream of the mesh state, retries, sweeps. */
  private void run(ControlPlaneChannel xds, Readiness.Gate synced, FlowRecorder flows) {
    DeltaStream stream =
        new DeltaStream(
            new GrpcControlPlane(xds, settings.node().info()),
            mesh,
            metrics,
            synced,
            world.pause());
    AtomicBoolean pods = new AtomicBoolean();
    stream.onSynced(() -> {
      // Pods only once the mesh is known: before, every verdict would be wrong.
      if (pods.compareAndSet(false, true)) {
        zds.start();
      }
      // The CA is where the mesh state comes from, so it may be back, too.
      certificates.retryNow();
    });
    tasks.keep("xds", LONGEST_BACK_OFF, stream::run);
    tasks.every("pending pods", world.pendingRetry(), roster::retryPending);
    tasks.every("idle series", SERIES_SWEEP, flows::forgetIdleSeries);
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

  public Readiness readiness() {
    return readiness;
  }

  /** Completes when somebody asked by {@code /quitquitquit} that this process ends. */
  public CompletableFuture<Void> quitRequested() {
    return quit;
  }

  /**
   * Ends gracefully: takes nothing new, lets what is open end until the deadline, then closes. The
   * answer completes when no connection is left; {@link #close} is still to be called.
   */
  public CompletableFuture<Void> drain() {
    LOG.info("shutting down", "deadline", settings.terminationDeadline().toString());
    zds.close();
    return drain.begin(settings.terminationDeadline());
  }

  /** Ends everything now. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    roster.force();
    closeParts();
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
