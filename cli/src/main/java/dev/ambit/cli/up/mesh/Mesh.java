package dev.ambit.cli.up.mesh;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import dev.ambit.cli.up.process.Supervised;
import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.daemon.manifest.ManifestFolder;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A mesh on this machine that follows a folder of manifests. Must run as the only user of a
 * network, mount and process namespace of its own ({@code unshare}): it leaves removal to their
 * end. One thread, {@code mesh}, changes it; everything else reads.
 */
public final class Mesh implements AutoCloseable {
  private static final Duration ADMIN_PATIENCE = Duration.ofSeconds(2);

  private final MeshSettings settings;
  private final Consumer<String> news;
  private final Map<String, NodeHost> nodes = new ConcurrentSkipListMap<>();
  private final Map<String, PodSandbox> pods = new ConcurrentSkipListMap<>();
  private final BlockingQueue<ManifestFolder.Snapshot> snapshots = new ArrayBlockingQueue<>(64);
  private final WaypointHost waypoints;
  private final Supervised controller;
  private final EnrolmentFacts facts;
  private volatile Map<String, EnrolmentFacts.State> enrolled = Map.of();
  private volatile ManifestFolder.Snapshot seen = new ManifestFolder.Snapshot(List.of(), List.of());
  private int links;

  private Mesh(MeshSettings settings, Consumer<String> news) throws IOException {
    this.settings = settings;
    this.news = news;
    for (String folder : List.of("controller", "nodes", "facts", "run", "log", "hosts", "tmp")) {
      Files.createDirectories(settings.state().resolve(folder));
    }
    Run.of("sh", "-eu", "-s", settings.state().toString()).input(NetScripts.OWN_RUN).must();
    // The bridge's address must exist before anyone is told to call it.
    Run.of("sh", "-eu").input(NetScripts.underlay()).must();
    waypoints = new WaypointHost(settings, news);
    controller = Supervised.start(Daemons.controller(settings), news);
    facts = EnrolmentFacts.open(settings.facts(), all -> enrolled = all);
  }

  /**
   * Builds what the folder says and keeps following it. {@code news} hears sentences for people.
   */
  public static Mesh start(MeshSettings settings, Consumer<String> news) throws IOException {
    var mesh = new Mesh(settings, news);
    ManifestFolders folder =
        ManifestFolders.open(
            settings.folder(), settings.generated(), both -> mesh.offer(both.joined()));
    mesh.apply(mesh.snapshots.remove());
    Thread.ofVirtual().name("mesh").start(() -> mesh.follow(folder));
    return mesh;
  }

  public MeshSettings settings() {
    return settings;
  }

  public Supervised controller() {
    return controller;
  }

  public Path controllerAdmin() {
    return settings.socket("controller");
  }

  public List<NodeHost> nodes() {
    return List.copyOf(nodes.values());
  }

  public List<PodSandbox> pods() {
    return List.copyOf(pods.values());
  }

  /** A pod by {@code namespace/name}; throws when it does not exist. */
  public PodSandbox pod(String namespaceAndName) {
    PodSandbox found = pods.get(namespaceAndName.replace('/', '.'));
    if (found == null) {
      throw new IllegalArgumentException(
          "pod: got " + namespaceAndName + ", expected one of " + pods.keySet());
    }
    return found;
  }

  /** The folder, and what was generated for it, as last read. */
  public ManifestFolder.Snapshot seen() {
    return seen;
  }

  /** What the nodes' agents say of a pod, by {@code namespace/name}. */
  public Optional<EnrolmentFacts.State> enrolled(String namespaceAndName) {
    return Optional.ofNullable(enrolled.get(namespaceAndName));
  }

  /** What is not up yet, in words; empty when the mesh stands. */
  public List<String> missing() {
    var missing = new ArrayList<String>();
    if (!ready(controllerAdmin())) {
      missing.add("controller");
    }
    for (NodeHost node : nodes.values()) {
      if (!ready(node.cniAdmin())) {
        missing.add(node.name() + ": cni");
      }
      if (!ready(node.ztunnelAdmin())) {
        missing.add(node.name() + ": ztunnel");
      }
    }
    for (PodSandbox pod : pods.values()) {
      if (pod.isWaypoint() && !waypoints.isReady(pod)) {
        missing.add(pod.network() + ": waypoint");
      } else if (!pod.isWaypoint()) {
        pod.silentPorts().forEach(port -> missing.add(pod.network() + ": port " + port));
      }
    }
    missing.addAll(WaypointHost.without(seen.objects(), pods.values()));
    return missing;
  }

  private static boolean ready(Path socket) {
    try {
      AdminClient.get(socket, "/healthz/ready", ADMIN_PATIENCE);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void offer(ManifestFolder.Snapshot snapshot) {
    // Only the newest counts; the queue is long enough for any burst of one folder.
    while (!snapshots.offer(snapshot)) {
      snapshots.poll();
    }
  }

  private void follow(ManifestFolders folder) {
    try (folder) {
      while (!Thread.currentThread().isInterrupted()) {
        apply(snapshots.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void apply(ManifestFolder.Snapshot snapshot) {
    snapshot.problems().stream()
        .filter(problem -> !seen.problems().contains(problem))
        .forEach(problem -> news.accept("manifest " + problem));
    seen = snapshot;
    try {
      List<Pod> wanted = pick(snapshot, Pod.class).filter(Mesh::runsHere).toList();
      writeHosts(snapshot, wanted);
      removePods(wanted);
      wanted.forEach(pod -> waypoints.awaitGone(PodSandbox.networkName(pod)));
      wanted.stream().map(Pod::node).distinct().sorted().forEach(this::addNode);
      for (Pod pod : wanted) {
        if (!pods.containsKey(PodSandbox.networkName(pod))) {
          addPod(pod);
        }
      }
      leadServices(snapshot, wanted);
      MeshFile.write(settings, nodes.values(), pods.values());
    } catch (IOException | RuntimeException e) {
      news.accept("the folder's last change is only partly carried out: " + e.getMessage());
    }
  }

  private static <T> java.util.stream.Stream<T> pick(
      ManifestFolder.Snapshot snapshot, Class<T> kind) {
    return snapshot.objects().stream().filter(kind::isInstance).map(kind::cast);
  }

  private static boolean runsHere(Pod pod) {
    return !pod.phase().terminal() && !pod.terminating() && !pod.addresses().isEmpty();
  }

  private void writeHosts(ManifestFolder.Snapshot snapshot, List<Pod> wanted) throws IOException {
    List<KubernetesService> services = pick(snapshot, KubernetesService.class).toList();
    for (String namespace :
        wanted.stream().map(pod -> pod.metadata().namespace()).distinct().toList()) {
      Path file = settings.hosts(namespace);
      String text = HostsFile.of(namespace, services);
      // In place, for the file is mounted into pods; and only when it must be, for they read it.
      if (!Files.exists(file) || !Files.readString(file).equals(text)) {
        Files.writeString(file, text);
      }
    }
  }

  private void leadServices(ManifestFolder.Snapshot snapshot, List<Pod> wanted) {
    String rules = ServiceRules.of(pick(snapshot, KubernetesService.class).toList(), wanted);
    for (NodeHost node : nodes.values()) {
      Run.of("nft", "-f", "-").inNamespace(node.name()).input(rules).must();
    }
  }

  private void addNode(String name) {
    if (nodes.containsKey(name)) {
      return;
    }
    var node = new NodeHost(name, nodes.size(), settings, news);
    node.build();
    pods.values().forEach(pod -> route(node, pod));
    nodes.put(name, node);
    node.startDaemons();
  }

  private void addPod(Pod pod) throws IOException {
    NodeHost node = java.util.Objects.requireNonNull(nodes.get(pod.node()), pod.node());
    var sandbox = new PodSandbox(pod, links++, node, settings);
    if (sandbox.isWaypoint()) {
      waypoints.prepare(sandbox);
      sandbox.build();
      WaypointHost.route(sandbox);
    } else {
      sandbox.build();
    }
    pods.put(sandbox.network(), sandbox);
    nodes.values().stream().filter(other -> other != node).forEach(other -> route(other, sandbox));
    Thread.ofVirtual().name("start " + sandbox.network()).start(() -> startPrograms(sandbox));
  }

  private static void route(NodeHost from, PodSandbox to) {
    List<InetAddress> addresses = to.pod().addresses();
    Run.of("sh", "-eu")
        .inNamespace(from.name())
        .input(NetScripts.podOfOther(addresses, to.node().index()))
        .must();
  }

  /** A pod that is meant to be captured starts its programs only when it is. */
  private void startPrograms(PodSandbox sandbox) {
    if (sandbox.isWaypoint()) {
      waypoints.run(sandbox);
      return;
    }
    String key = sandbox.pod().metadata().namespace() + "/" + sandbox.pod().metadata().name();
    boolean free =
        Await.until(
            Duration.ofDays(365),
            () ->
                pods.get(sandbox.network()) != sandbox
                    || !CaptureIntent.of(sandbox.pod(), namespaces())
                    || enrolled.get(key) == EnrolmentFacts.State.ENABLED);
    if (free && pods.get(sandbox.network()) == sandbox) {
      sandbox.startContainers(Map.of(), news);
    }
  }

  private Map<String, Namespace> namespaces() {
    return pick(seen, Namespace.class)
        .collect(
            Collectors.toMap(
                namespace -> namespace.metadata().name(),
                namespace -> namespace,
                (first, second) -> first,
                LinkedHashMap::new));
  }

  /** Removes pods that are gone, and those that became other ones under an old name. */
  private void removePods(List<Pod> wanted) {
    for (PodSandbox sandbox : List.copyOf(pods.values())) {
      if (wanted.stream().noneMatch(pod -> same(pod, sandbox.pod()))) {
        pods.remove(sandbox.network());
        if (sandbox.isWaypoint()) {
          waypoints.drain(
              sandbox,
              () -> {
                end(sandbox);
                WaypointHost.forgetRoute(sandbox);
              });
        } else {
          end(sandbox);
        }
      }
    }
  }

  private void end(PodSandbox sandbox) {
    sandbox.close();
    for (NodeHost other : nodes.values()) {
      Run.of("sh", "-eu")
          .inNamespace(other.name())
          .input(NetScripts.forgetPod(sandbox.pod().addresses()))
          .go();
    }
  }

  private static boolean same(Pod wanted, Pod running) {
    return wanted.metadata().namespace().equals(running.metadata().namespace())
        && wanted.metadata().name().equals(running.metadata().name())
        && wanted.node().equals(running.node())
        && wanted.addresses().equals(running.addresses())
        && wanted.containers().equals(running.containers());
  }

  /** Stops listening; programs and namespaces end with the process that made them. */
  @Override
  public void close() {
    facts.close();
  }
}
