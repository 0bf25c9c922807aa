package dev.ambit.controller.source;

import dev.ambit.controller.state.PrivateFiles;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.manifest.ManifestFolder;
import dev.ambit.daemon.manifest.ManifestProblem;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.PeerAuthentication;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;

/**
 * The security objects that were last good, kept over restarts: a policy whose file is broken when
 * the controller starts is still the one its author believes to hold. For one thread.
 */
final class SecurityMemory {
  private static final Log LOG = Log.scope("source");

  private final Path file;
  private List<ClusterObject> written;
  private List<ClusterObject> recalled;

  /** Reads {@code file}; without one, or with one that cannot be read, nothing is remembered. */
  SecurityMemory(Path file) {
    this.file = file;
    this.written = read(file);
    this.recalled = written;
  }

  private static List<ClusterObject> read(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      return SecurityObjects.read(Json.read(PrivateFiles.read(file)));
    } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
      LOG.error("remembered policies cannot be read", "file", file, "error", e);
      return List.of();
    }
  }

  /**
   * The objects of {@code seen} and, of those remembered from an earlier run, each that is missing
   * while its file has a problem. One that was there, or whose file was whole, in this run is never
   * brought back.
   */
  List<ClusterObject> complete(ManifestFolder.Snapshot seen) {
    Set<String> broken = new HashSet<>();
    for (ManifestProblem problem : seen.problems()) {
      broken.add(problem.file());
    }
    Set<String> present = new HashSet<>();
    seen.objects().forEach(object -> present.add(name(object)));
    recalled =
        recalled.stream()
            .filter(object -> broken.contains(file(object)))
            .filter(object -> !present.contains(name(object)))
            .toList();
    if (recalled.isEmpty()) {
      return seen.objects();
    }
    List<ClusterObject> all = new ArrayList<>(seen.objects());
    all.addAll(recalled);
    return all;
  }

  /** Of an origin such as {@code policies.yaml:12} the file. */
  private static String file(ClusterObject object) {
    return object.metadata().origin().replaceFirst(":[0-9]+$", "");
  }

  private static String name(ClusterObject object) {
    return object.kind() + "/" + object.metadata().namespace() + "/" + object.metadata().name();
  }

  /** Writes the security objects among {@code objects} down, if they are not already. */
  void keep(List<ClusterObject> objects) {
    List<ClusterObject> next =
        objects.stream()
            .filter(object ->
                object instanceof AuthorizationPolicy || object instanceof PeerAuthentication)
            .toList();
    if (!next.equals(written)) {
      PrivateFiles.write(file, Json.write(SecurityObjects.write(next)));
      written = next;
    }
  }
}
