package dev.ambit.controller;

import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.controller.ca.RootSet;
import dev.ambit.controller.ca.ServerIdentity;
import dev.ambit.controller.ca.Signer;
import dev.ambit.controller.ca.node.CallerProof;
import dev.ambit.controller.ca.node.JoinTokenFiles;
import dev.ambit.controller.ca.node.JoinTokens;
import dev.ambit.controller.ca.node.NodeAuthorizer;
import dev.ambit.controller.deploy.Deployer;
import dev.ambit.controller.deploy.Deployment;
import dev.ambit.controller.source.FolderSource;
import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.controller.state.StateLock;
import dev.ambit.controller.wire.RpcServer;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.controller.xds.VersionedResources;
import dev.ambit.controller.xds.wire.WireEncoder;
import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.Tasks;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A running controller: the wiring of its parts, in the order in which they need each other. */
public final class Controller implements AutoCloseable {
  private static final Log LOG = Log.scope("controller");
  private static final Duration MOST_BACK_OFF = Duration.ofSeconds(1);
  private static final Duration RENEWAL_CHECK = Duration.ofMinutes(1);
  private static final List<String> KINDS =
      List.of(
          "Namespace",
          "Pod",
          "Service",
          "ServiceAccount",
          "AuthorizationPolicy",
          "PeerAuthentication");

  private final Deque<AutoCloseable> parts;
  private final RpcServer rpc;
  private final AdminServer admin;

  /** What has to do with who is who. */
  private record Identities(
      RootSet roots,
      Signer signer,
      JoinTokens tokens,
      JoinTokenFiles tokenFiles,
      NodeAuthorizer authorizer) {

    static Identities open(ControllerSettings settings, InstantSource clock) {
      Path state = settings.state();
      String trustDomain = settings.mesh().trustDomain();
      RootSet roots = RootSet.open(state.resolve("ca"), trustDomain, clock);
      PrivateFiles.writePublic(
          state.resolve("root-cert.pem"), roots.bundle().getBytes(StandardCharsets.US_ASCII));
      JoinTokens tokens = JoinTokens.open(state.resolve("ca"), clock);
      return new Identities(
          roots,
          new Signer(roots, clock),
          tokens,
          new JoinTokenFiles(state.resolve("join-tokens"), tokens, settings.joinTokens(), clock),
          new NodeAuthorizer(trustDomain));
    }
  }

  private Controller(Deque<AutoCloseable> parts, RpcServer rpc, AdminServer admin) {
    this.parts = parts;
    this.rpc = rpc;
    this.admin = admin;
  }

  private static Controller wire(
      ControllerSettings settings, InstantSource clock, Deque<AutoCloseable> parts)
      throws InterruptedException {
    parts.push(StateLock.take(settings.state()));
    Metrics metrics = new Metrics();
    ControllerMetrics counts = new ControllerMetrics(metrics);
    Readiness readiness = new Readiness();
    Readiness.Gate serving = readiness.gate("xds and ca");
    Identities who = Identities.open(settings, clock);

    // Configuration: from the folder to the resources that clients follow.
    VersionedResources resources = new VersionedResources(new WireEncoder());
    ExecutorService pushes = Executors.newVirtualThreadPerTaskExecutor();
    parts.push(pushes::shutdownNow);
    Subscribers clients =
        new Subscribers(
            resources,
            counts,
            pushes,
            (client, nodeId) -> who.authorizer().waypoint(client.node(), client.pod(), nodeId));
    MeshPublisher publisher =
        new MeshPublisher(settings.mesh(), clients, who.authorizer(), who.tokenFiles(), counts);
    Deployment deployment =
        new Deployment(
            new Deployer(settings.mesh()), settings.generated(), settings.facts(), clock);
    parts.push(deployment);
    parts.push(follow(settings, publisher, deployment));
    publisher.publishFirst();

    ServerIdentity identity = new ServerIdentity(who.signer(), settings.serverNames());
    Tasks tasks = new Tasks("controller");
    parts.push(tasks);
    tasks.keep("publish", MOST_BACK_OFF, publisher::run);
    tasks.keep("deploy", MOST_BACK_OFF, deployment::run);
    tasks.every("join-tokens", RENEWAL_CHECK, who.tokenFiles()::renew);
    tasks.every("server-certificate", RENEWAL_CHECK, identity::renewIfDue);

    // Doors last: the first caller finds everything in place.
    RpcServer rpc =
        RpcServer.start(settings.listen(), identity, offer(settings, who, clients, counts));
    parts.push(rpc);
    gauges(counts, publisher, clients, resources);
    rootGauges(counts, who.roots(), clock);
    AdminServer admin =
        AdminServer.start(
            "controller",
            settings.admin(),
            settings.adminSocket(),
            new ControllerPages(publisher, deployment, resources, clients).all(readiness, metrics));
    parts.push(admin);
    serving.open();
    LOG.info("controller is up", "rpc", rpc.address(), "admin", admin.address());
    return new Controller(parts, rpc, admin);
  }

  private static FolderSource follow(
      ControllerSettings settings, MeshPublisher publisher, Deployment deployment) {
    return FolderSource.open(
        new FolderSource.Places(
            settings.manifests(),
            settings.generated(),
            settings.facts(),
            settings.state().resolve("policies.json")),
        settings.mesh().clusterDomain(),
        seen -> {
          publisher.offer(seen);
          deployment.offer(seen.folders());
        });
  }

  private static RpcServer.Offer offer(
      ControllerSettings settings, Identities who, Subscribers clients, ControllerMetrics counts) {
    String trustDomain = settings.mesh().trustDomain();
    return new RpcServer.Offer(
        new CallerProof(trustDomain, who.tokens(), who.authorizer()),
        counts::unknownCaller,
        new CertificateAuthority(
            trustDomain, who.authorizer(), who.signer(), settings.lifetimes(), counts::certificate),
        clients);
  }

  private static void gauges(
      ControllerMetrics counts,
      MeshPublisher publisher,
      Subscribers clients,
      VersionedResources resources) {
    counts.gauge("pilot_xds", "Connected clients.", clients::count);
    counts.gauge(
        "pilot_services",
        "Services known.",
        () -> publisher.status().seen().objects().getOrDefault("Service", 0));
    counts.gauge(
        "ambit_controller_problems",
        "Objects that cannot be used.",
        () -> publisher.status().seen().problems().size());
    counts.gauge(
        "ambit_controller_resources",
        "Resources served.",
        () -> resources.count(ResourceType.ADDRESS) + resources.count(ResourceType.AUTHORIZATION));
    for (String kind : KINDS) {
      counts.objects(kind, () -> publisher.status().seen().objects().getOrDefault(kind, 0));
    }
  }

  private static void rootGauges(ControllerMetrics counts, RootSet roots, InstantSource clock) {
    long expiry = roots.signer().getNotAfter().toInstant().getEpochSecond();
    counts.gauge(
        "citadel_server_root_cert_expiry_timestamp",
        "When the signing certificate ends, in seconds of the epoch.",
        () -> expiry);
    counts.gauge(
        "citadel_server_root_cert_expiry_seconds",
        "How long the signing certificate lives on.",
        () -> expiry - clock.instant().getEpochSecond());
  }

  /** Starts a controller; when this returns, it serves. */
  public static Controller start(ControllerSettings settings) {
    return start(settings, InstantSource.system());
  }

  static Controller start(ControllerSettings settings, InstantSource clock) {
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      return wire(settings, clock, parts);
    } catch (InterruptedException e) {
      close(parts);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", e);
    } catch (RuntimeException e) {
      close(parts);
      throw e;
    }
  }

  /** Where gRPC is served. */
  public InetSocketAddress rpcAddress() {
    return rpc.address();
  }

  /** Where pages are served. */
  public InetSocketAddress adminAddress() {
    return admin.address();
  }

  /** Stops serving and gives everything back; clients keep what they have. */
  @Override
  public void close() {
    close(parts);
  }

  private static void close(Deque<AutoCloseable> parts) {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOG.warn("a part does not close", "part", part.getClass().getSimpleName(), "error", e);
      }
    }
  }
}
