package dev.ambit.cli.objects;

import dev.ambit.cli.enrol.ManifestFiles;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.object.ClusterObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Objects people wrote. What cannot be read is left out: {@code ambit check} tells of it.
 *
 * @param all in the order they were found
 */
public record KnownObjects(List<ClusterObject> all) {
  public KnownObjects {
    all = List.copyOf(all);
  }

  /** Those of folders; of two with the same name the first counts. */
  public static KnownObjects ofFolders(List<Path> folders) {
    List<ClusterObject> all = new ArrayList<>();
    for (Path folder : folders) {
      try {
        for (Path file : new ManifestFiles(folder).files()) {
          String name = String.valueOf(file.getFileName());
          Instant modified = Files.getLastModifiedTime(file).toInstant();
          for (ClusterObject object :
              ManifestReader.read(name, Files.readAllBytes(file), modified).objects()) {
            if (all.stream().noneMatch(known -> isSame(known, object))) {
              all.add(object);
            }
          }
        }
      } catch (IOException | ManifestFiles.Unchanged e) {
        throw new Unreachable("manifests of " + folder + ": " + e.getMessage());
      }
    }
    return new KnownObjects(all);
  }

  /** Those a waypoint goes by, from its {@code /config_dump}; empty when it does not say them. */
  public static Optional<KnownObjects> ofDump(JsonNode dump) {
    JsonNode resources = dump.path("resources");
    if (!resources.isArray()) {
      return Optional.empty();
    }
    List<ClusterObject> all = new ArrayList<>();
    for (JsonNode resource : resources) {
      byte[] text = Json.write(resource);
      all.addAll(ManifestReader.read("config_dump", text, Instant.EPOCH).objects());
    }
    return Optional.of(new KnownObjects(all));
  }

  /** Those of the folders a mesh follows. */
  public static KnownObjects of(RunningMesh mesh) {
    return ofFolders(mesh.folders().stream().filter(Files::isDirectory).toList());
  }

  private static boolean isSame(ClusterObject one, ClusterObject other) {
    return one.kind().equals(other.kind())
        && one.metadata().name().equals(other.metadata().name())
        && one.metadata().namespace().equals(other.metadata().namespace());
  }

  public <T extends ClusterObject> Stream<T> each(Class<T> kind) {
    return all.stream().filter(kind::isInstance).map(kind::cast);
  }

  /** The object of this kind and name. */
  public <T extends ClusterObject> Optional<T> find(Class<T> kind, String namespace, String name) {
    return each(kind)
        .filter(object ->
            object.metadata().name().equals(name)
                && object.metadata().namespace().equals(namespace))
        .findFirst();
  }
}
