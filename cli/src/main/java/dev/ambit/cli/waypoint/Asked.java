package dev.ambit.cli.waypoint;

import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which folder and mesh the waypoint commands mean. */
final class Asked {
  @Mixin private final MeshOptions mesh = new MeshOptions();

  @Option(
      names = {"-f", "--folder"},
      paramLabel = "DIR",
      description = "Folder of manifests. Default: the one the running mesh follows.")
  private @Nullable Path folder;

  /** The folder people write; throws when nobody said which and no mesh says it. */
  Path folder() {
    if (folder != null) {
      return folder;
    }
    return mesh.find()
        .map(RunningMesh::folder)
        .orElseThrow(() ->
            new Unreachable(
                "no mesh is running: start one with 'ambit up -f DIR', or name the folder with"
                    + " -f DIR"));
  }

  /** The mesh that follows {@link #folder}; empty when none does. */
  Optional<RunningMesh> follower() {
    return mesh.find().filter(this::follows);
  }

  private boolean follows(RunningMesh running) {
    Path followed = running.folder();
    try {
      return folder == null || (followed != null && Files.isSameFile(followed, folder));
    } catch (IOException missing) {
      return false;
    }
  }

  /** The waypoints, with how they fare when a mesh follows the folder. */
  List<Listing.Row> rows() {
    return follower().map(Listing::of).orElseGet(() -> Listing.of(folder()));
  }

  /** The running mesh; throws when there is none. */
  RunningMesh open() {
    return mesh.open();
  }
}
