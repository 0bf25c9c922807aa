package dev.ambit.daemon.manifest;

import dev.ambit.daemon.follow.FolderFiles;
import dev.ambit.daemon.follow.FolderWatch;
import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.ClusterObject;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A watched folder of YAML manifests ({@code *.yaml}, {@code *.yml}, several documents a file, also
 * {@code kind: List}). What cannot be read stays as it last was, and is named in {@link
 * Snapshot#problems}. A deleted file takes its objects along; when the whole folder disappears all
 * objects stay. Changes are seen when their file is closed or renamed, within milliseconds; a burst
 * of writes becomes one snapshot. Reading: {@link ManifestReader}.
 */
public final class ManifestFolder implements AutoCloseable {
  private final Path folder;
  private final Consumer<Snapshot> follower;
  private final FolderState state = new FolderState();
  private final FolderWatch watch;
  private @Nullable Snapshot last;

  private ManifestFolder(Path folder, Consumer<Snapshot> follower) {
    this.folder = folder;
    this.follower = follower;
    this.watch = new FolderWatch(folder, ManifestFolder::isManifest, this::changed);
  }

  /**
   * All objects of the folder, ordered by kind, namespace and name, and what is wrong.
   *
   * @param refused objects that are in a file but cannot be read; a policy among them that has no
   *     last good version is one its author believes to hold
   * @param specs of objects that waypoints are sent, as JSON, by {@code KIND/NAMESPACE/NAME}
   */
  public record Snapshot(
      List<ClusterObject> objects,
      List<ManifestProblem> problems,
      List<Refused> refused,
      Map<String, String> specs) {
    public Snapshot(List<ClusterObject> objects, List<ManifestProblem> problems) {
      this(objects, problems, List.of(), Map.of());
    }
  }

  /**
   * An object that cannot be read; the problem with the same file says why.
   *
   * @param lastGood whether an earlier version of it is still among the objects
   */
  public record Refused(String kind, String namespace, String name, boolean lastGood) {
    Refused withLastGood(boolean has) {
      return new Refused(kind, namespace, name, has);
    }
  }

  /**
   * Reads the folder, hands the first snapshot to {@code follower} before returning, then watches;
   * later snapshots come on one thread of this object, each differing from the one before.
   *
   * @throws UncheckedIOException when there is no such folder
   */
  public static ManifestFolder open(Path folder, Consumer<Snapshot> follower) {
    return new ManifestFolder(folder, follower);
  }

  /** Whether a file's name is that of a manifest, and not of an editor's work. */
  static boolean isManifest(String name) {
    return (name.endsWith(".yaml") || name.endsWith(".yml"))
        && !name.startsWith(".")
        && !name.startsWith("#")
        && !name.startsWith("~");
  }

  private void changed(FolderFiles.Change change, boolean gone) {
    change.read().forEach((file, text) -> state.put(file, content(file, text)));
    change.removed().forEach(state::remove);
    Snapshot next = state.snapshot();
    if (gone) {
      List<ManifestProblem> problems = new ArrayList<>(next.problems());
      problems.add(
          new ManifestProblem(
              folder.toString(), 0, "", "no folder any more", "a folder; its last state counts"));
      next = new Snapshot(next.objects(), List.copyOf(problems), next.refused(), next.specs());
    }
    if (!next.equals(last)) {
      last = next;
      follower.accept(next);
    }
  }

  private static Content content(String file, FolderFiles.Text text) {
    return text.unreadable().isEmpty()
        ? ManifestReader.read(file, text.bytes(), text.modified())
        : Content.unreadable(
            new ManifestProblem(file, 0, "", text.unreadable(), "a file of at most 16 MiB"));
  }

  /** Returns when the follower will not be called any more. */
  @Override
  public void close() {
    watch.close();
  }
}
