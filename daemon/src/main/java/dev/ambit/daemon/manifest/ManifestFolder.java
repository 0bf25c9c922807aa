package dev.ambit.daemon.manifest;

import dev.ambit.model.object.ClusterObject;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * A watched folder of YAML manifests ({@code *.yaml}, {@code *.yml}, several documents a file, also
 * {@code kind: List}). A file that cannot be read keeps its last good objects and is named in
 * {@link Snapshot#problems}. A deleted file takes its objects along. Changes are seen by inotify
 * within milliseconds; a burst of writes becomes one snapshot. Reading: {@link ManifestReader}.
 */
public final class ManifestFolder implements AutoCloseable {
  private ManifestFolder() {}

  /** All objects of the folder, ordered by kind, namespace and name, and what is wrong. */
  public record Snapshot(List<ClusterObject> objects, List<ManifestProblem> problems) {}

  /**
   * Reads the folder, hands the first snapshot to {@code follower} before returning, then watches.
   */
  public static ManifestFolder open(Path folder, Consumer<Snapshot> follower) {
    throw new UnsupportedOperationException("open");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
