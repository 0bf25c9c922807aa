package dev.ambit.daemon.generated;

import dev.ambit.daemon.manifest.ManifestFolder;
import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Metadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder a user writes and the folder the controller writes for it, followed together. Where
 * both have an object of the same kind and name, the user's counts.
 */
public final class ManifestFolders implements AutoCloseable {
  private final Object lock = new Object();
  private final Consumer<Both> follower;
  private final ManifestFolder written;
  private final ManifestFolder generated;
  private Both last = new Both(Both.NOTHING, Both.NOTHING);
  private boolean complete;

  /** What the two folders say. */
  public record Both(Snapshot written, Snapshot generated) {
    private static final Snapshot NOTHING = new Snapshot(List.of(), List.of());

    /** Both together. */
    public Snapshot joined() {
      if (generated.equals(NOTHING)) {
        return written;
      }
      Set<String> names = new HashSet<>();
      written.objects().forEach(each -> names.add(name(each)));
      return new Snapshot(
          Stream.concat(
                  written.objects().stream(),
                  generated.objects().stream().filter(each -> !names.contains(name(each))))
              .toList(),
          Stream.concat(written.problems().stream(), generated.problems().stream()).toList(),
          Stream.concat(written.refused().stream(), generated.refused().stream()).toList(),
          specs());
    }

    private Map<String, String> specs() {
      Map<String, String> specs = new HashMap<>(generated.specs());
      specs.putAll(written.specs());
      return Map.copyOf(specs);
    }

    private static String name(ClusterObject object) {
      Metadata metadata = object.metadata();
      return object.kind() + "/" + metadata.namespace() + "/" + metadata.name();
    }
  }

  private ManifestFolders(Path written, Path generated, Consumer<Both> follower) {
    this.follower = follower;
    try {
      Files.createDirectories(generated);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make folder " + generated, e);
    }
    this.generated = ManifestFolder.open(generated, each -> hand(null, each));
    try {
      this.written = ManifestFolder.open(written, each -> hand(each, null));
    } catch (RuntimeException e) {
      this.generated.close();
      throw e;
    }
    synchronized (lock) {
      complete = true;
      follower.accept(last);
    }
  }

  /**
   * Hands what both folders say to {@code follower} before returning, then at every change, one
   * call at a time. Makes {@code generated} when there is none.
   *
   * @throws UncheckedIOException when there is no folder {@code written}
   */
  public static ManifestFolders open(Path written, Path generated, Consumer<Both> follower) {
    return new ManifestFolders(written, generated, follower);
  }

  private void hand(@Nullable Snapshot ofUser, @Nullable Snapshot ofController) {
    synchronized (lock) {
      last =
          new Both(
              ofUser == null ? last.written() : ofUser,
              ofController == null ? last.generated() : ofController);
      if (complete) {
        follower.accept(last);
      }
    }
  }

  /** Returns when the follower will not be called any more. */
  @Override
  public void close() {
    written.close();
    generated.close();
  }
}
