package dev.ambit.controller.source;

import dev.ambit.daemon.generated.ManifestFolders;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.daemon.manifest.ManifestFolder;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.waypoint.GatewayAddresses;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The cluster as the folder of manifests, the folder of what was generated for them and the folder
 * of enrolment facts say it (spec: enrolment §7). The watchers run on threads of their own; what
 * they see is joined under a lock and handed to one follower, which must only hand over. Gateways
 * of the classes deployed here have the addresses of their Service.
 */
public final class FolderSource implements AutoCloseable {
  private static final ManifestFolders.Both NOTHING =
      new ManifestFolders.Both(
          new ManifestFolder.Snapshot(List.of(), List.of()),
          new ManifestFolder.Snapshot(List.of(), List.of()));

  private final Object lock = new Object();
  private final SecurityMemory memory;
  private final String clusterDomain;
  private final Consumer<Seen> follower;
  private final List<AutoCloseable> watchers = new ArrayList<>();
  private Map<String, EnrolmentFacts.State> facts = Map.of();
  private Seen last = new Seen(ClusterInput.EMPTY, List.of(), List.of(), Map.of(), NOTHING, 0);
  private boolean complete;

  /**
   * What was seen.
   *
   * @param refused objects that cannot be read; one with a last good version still counts
   * @param objects how many of each kind
   * @param folders the same, by folder
   * @param atNanos when, by {@link System#nanoTime}
   */
  public record Seen(
      ClusterInput input,
      List<ManifestProblem> problems,
      List<ManifestFolder.Refused> refused,
      Map<String, Integer> objects,
      ManifestFolders.Both folders,
      long atNanos) {
    /** Nothing at all. */
    public static Seen nothing() {
      return new Seen(
          ClusterInput.EMPTY, List.of(), List.of(), Map.of(), NOTHING, System.nanoTime());
    }
  }

  /**
   * Where it looks.
   *
   * @param written manifests of the user
   * @param generated manifests of the deployer; made when there is none
   * @param memory file in which policies outlive this process
   */
  public record Places(Path written, Path generated, Path facts, Path memory) {}

  private FolderSource(SecurityMemory memory, String clusterDomain, Consumer<Seen> follower) {
    this.memory = memory;
    this.clusterDomain = clusterDomain;
    this.follower = follower;
  }

  /**
   * Reads all folders, hands the first state to {@code follower} before returning, then each
   * change.
   */
  public static FolderSource open(Places places, String clusterDomain, Consumer<Seen> follower) {
    FolderSource source =
        new FolderSource(new SecurityMemory(places.memory()), clusterDomain, follower);
    try {
      source.watchers.add(EnrolmentFacts.open(places.facts(), source::factsChanged));
      source.watchers.add(
          ManifestFolders.open(places.written(), places.generated(), source::manifestsChanged));
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
    source.begin();
    return source;
  }

  private void begin() {
    synchronized (lock) {
      complete = true;
      follower.accept(last);
    }
  }

  private void factsChanged(Map<String, EnrolmentFacts.State> seen) {
    long now = System.nanoTime();
    synchronized (lock) {
      facts = seen;
      hand(
          new Seen(
              last.input().withFacts(seen),
              last.problems(),
              last.refused(),
              last.objects(),
              last.folders(),
              now));
    }
  }

  private void manifestsChanged(ManifestFolders.Both folders) {
    long now = System.nanoTime();
    synchronized (lock) {
      ManifestFolder.Snapshot seen = folders.joined();
      List<ClusterObject> objects = GatewayAddresses.assign(memory.complete(seen), clusterDomain);
      ClusterInput input = ClusterInput.of(objects, seen.specs(), facts);
      hand(new Seen(input, seen.problems(), refused(seen, input), count(objects), folders, now));
      // After the hand-over: a disk must not hold up a policy.
      memory.keep(objects);
    }
  }

  /** The refused objects; one that was brought back from memory has a last good version too. */
  private static List<ManifestFolder.Refused> refused(
      ManifestFolder.Snapshot seen, ClusterInput input) {
    return seen.refused().stream()
        .map(each -> {
          NamespaceObjects in = input.in(each.namespace());
          boolean counts =
              each.lastGood()
                  || switch (each.kind()) {
                    case "AuthorizationPolicy" -> in.policies().containsKey(each.name());
                    case "PeerAuthentication" -> in.peerAuthentications().containsKey(each.name());
                    default -> false;
                  };
          return new ManifestFolder.Refused(each.kind(), each.namespace(), each.name(), counts);
        })
        .toList();
  }

  private void hand(Seen seen) {
    last = seen;
    if (complete) {
      follower.accept(seen);
    }
  }

  private static Map<String, Integer> count(List<ClusterObject> objects) {
    Map<String, Integer> counts = new TreeMap<>();
    objects.forEach(object -> counts.merge(object.kind(), 1, Integer::sum));
    return Map.copyOf(counts);
  }

  @Override
  public void close() {
    for (AutoCloseable watcher : watchers.reversed()) {
      try {
        watcher.close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a watched folder", e);
      }
    }
  }
}
