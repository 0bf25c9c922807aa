package dev.ambit.controller;

import dev.ambit.controller.ca.node.JoinTokenFiles;
import dev.ambit.controller.ca.node.NodeAuthorizer;
import dev.ambit.controller.ca.node.PodName;
import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.source.FolderSource;
import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.controller.translate.Condition;
import dev.ambit.controller.translate.Derivation;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.manifest.ManifestFolder;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.object.Pod;
import dev.ambit.model.waypoint.WaypointClass;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one thread from input to clients: takes the latest input, derives the changes and publishes
 * them at once; while inputs keep coming it pauses between them, 1 ms at first and up to 10 ms, so
 * that a burst becomes few pushes (spec: performance L8).
 */
final class MeshPublisher {
  private static final Log LOG = Log.scope("publish");
  private static final Duration LEAST_GAP = Duration.ofMillis(1);
  private static final Duration MOST_GAP = Duration.ofMillis(10);

  private final MeshSettings mesh;
  private final Subscribers clients;
  private final NodeAuthorizer authorizer;
  private final JoinTokenFiles tokens;
  private final ControllerMetrics metrics;
  private final LatestValue<FolderSource.Seen> inbox = new LatestValue<>();
  private Duration gap = LEAST_GAP;
  private @Nullable Derivation derivation;
  private volatile Status status = new Status(FolderSource.Seen.nothing(), List.of());

  /** What was published last. */
  record Status(FolderSource.Seen seen, List<Condition> conditions) {}

  MeshPublisher(
      MeshSettings mesh,
      Subscribers clients,
      NodeAuthorizer authorizer,
      JoinTokenFiles tokens,
      ControllerMetrics metrics) {
    this.mesh = mesh;
    this.clients = clients;
    this.authorizer = authorizer;
    this.tokens = tokens;
    this.metrics = metrics;
  }

  /** Takes a new input over; any thread. */
  void offer(FolderSource.Seen seen) {
    inbox.set(seen);
  }

  Status status() {
    return status;
  }

  /** Publishes what was offered so far, so that the first client already sees all of it. */
  void publishFirst() throws InterruptedException {
    publish(inbox.take(System.nanoTime()).value());
  }

  /** Publishes until interrupted. */
  void run() throws InterruptedException {
    long notBefore = System.nanoTime();
    while (true) {
      LatestValue.Taken<FolderSource.Seen> taken = inbox.take(notBefore);
      publish(taken.value());
      gap = nextGap(gap, taken.waited());
      notBefore = System.nanoTime() + gap.toNanos();
    }
  }

  /** Longer while inputs wait for us, short again as soon as we wait for them. */
  static Duration nextGap(Duration gap, boolean waited) {
    if (!waited) {
      return LEAST_GAP;
    }
    Duration twice = gap.multipliedBy(2);
    return twice.compareTo(MOST_GAP) < 0 ? twice : MOST_GAP;
  }

  private void publish(FolderSource.Seen seen) {
    long began = System.nanoTime();
    authorizer.update(seen.input());
    Derivation current = derivation;
    // Left empty until it has succeeded: after a failure the next input starts from scratch.
    derivation = null;
    boolean fromScratch = current == null;
    if (current == null) {
      current = new Derivation(mesh);
    }
    List<MeshChange> changes = current.derive(seen.input());
    List<ManifestProblem> before = status.seen().problems();
    int changed = fromScratch ? clients.replace(changes) : clients.publish(changes);
    changed += clients.objects(current.objects());
    derivation = current;
    long published = System.nanoTime();
    status = new Status(seen, conditions(seen, current));
    metrics.published(Duration.ofNanos(published - began));
    tokens.update(seen.input().nodes());
    tokens.updatePods(waypointPods(seen.input()));
    report(seen, before, changed, published);
  }

  /** The pods that prove themselves: those of waypoints, which no node's daemon speaks for. */
  private static Set<PodName> waypointPods(ClusterInput input) {
    Set<PodName> found = new HashSet<>();
    for (NamespaceObjects objects : input.namespaces().values()) {
      for (Pod pod : objects.pods().values()) {
        if (WaypointClass.marks(pod.metadata()) && !pod.phase().terminal()) {
          found.add(
              new PodName(pod.metadata().namespace(), pod.serviceAccount(), pod.metadata().name()));
        }
      }
    }
    return found;
  }

  /** What the objects become, and which of them cannot be read. */
  private static List<Condition> conditions(FolderSource.Seen seen, Derivation current) {
    List<Condition> all = new ArrayList<>(current.conditions());
    for (ManifestFolder.Refused each : seen.refused()) {
      all.add(
          new Condition(
              each.kind(),
              each.namespace(),
              each.name(),
              "ambit.dev/Readable",
              false,
              "Malformed",
              each.lastGood()
                  ? "cannot be read; its last good version stays in force"
                  : "cannot be read and never could: it is not in force"));
    }
    all.sort(null);
    return List.copyOf(all);
  }

  private static void report(
      FolderSource.Seen seen, List<ManifestProblem> before, int changed, long published) {
    seen.problems().stream()
        .filter(problem -> !before.contains(problem))
        .forEach(problem ->
            LOG.warn(
                "manifest problem",
                "file",
                problem.file(),
                "line",
                problem.line(),
                "field",
                problem.field(),
                "got",
                problem.got(),
                "expected",
                problem.expected()));
    if (changed > 0) {
      LOG.info(
          "published",
          "resources",
          changed,
          "micros",
          Duration.ofNanos(published - seen.atNanos()).toNanos() / 1000);
    }
  }
}
