package dev.ambit.cli.waypoint;

import dev.ambit.cli.enrol.ManifestFiles;
import dev.ambit.cli.enrol.ManifestFiles.Unchanged;
import dev.ambit.daemon.manifest.ManifestReader;
import dev.ambit.model.object.Gateway;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The Gateways in a folder of manifests, as text. */
record GatewayFiles(Path folder) {
  private static final String SEPARATOR = "(?m)^---[ \\t]*(#.*)?\\R?";

  /** Where a Gateway is written. */
  record Place(Path file, Gateway gateway) {}

  List<Place> all() throws IOException {
    List<Place> all = new ArrayList<>();
    for (Path file : new ManifestFiles(folder).files()) {
      for (Gateway gateway : gateways(Files.readString(file))) {
        all.add(new Place(file, gateway));
      }
    }
    return all;
  }

  Optional<Place> find(String namespace, String name) throws IOException {
    return all().stream().filter(place -> is(place.gateway(), namespace, name)).findFirst();
  }

  /** Writes a file of its own for a new Gateway. */
  Path add(GatewayManifest manifest) throws IOException {
    Path file =
        folder.resolve("waypoint." + manifest.namespace() + "." + manifest.name() + ".yaml");
    if (Files.exists(file)) {
      throw new Unchanged(file + ": got a file without this Gateway, expected none of that name");
    }
    ManifestFiles.replace(file, manifest.yaml());
    return file;
  }

  /** Takes a Gateway out; a file that holds nothing else goes with it. */
  void remove(Place place) throws IOException {
    String namespace = place.gateway().metadata().namespace();
    String name = place.gateway().metadata().name();
    String text = Files.readString(place.file());
    List<String> documents = List.of(text.split(SEPARATOR, -1));
    List<String> rest =
        documents.stream()
            .filter(each -> gateways(each).stream().noneMatch(g -> is(g, namespace, name)))
            .toList();
    if (rest.size() != documents.size() - 1) {
      throw new Unchanged(
          place.file()
              + ": got Gateway "
              + namespace
              + "/"
              + name
              + " among others in one document, expected one of its own: remove it by hand");
    }
    if (rest.stream().allMatch(GatewayFiles::isEmpty)) {
      Files.delete(place.file());
    } else {
      String joined = String.join("---\n", rest);
      ManifestFiles.replace(
          place.file(), joined.startsWith("---\n") ? joined.substring(4) : joined);
    }
  }

  private static boolean isEmpty(String document) {
    return document.lines().allMatch(line -> line.isBlank() || line.stripLeading().startsWith("#"));
  }

  private static List<Gateway> gateways(String text) {
    return ManifestReader.read("", text.getBytes(StandardCharsets.UTF_8), Instant.EPOCH)
        .objects()
        .stream()
        .filter(Gateway.class::isInstance)
        .map(Gateway.class::cast)
        .toList();
  }

  private static boolean is(Gateway gateway, String namespace, String name) {
    return gateway.metadata().namespace().equals(namespace)
        && gateway.metadata().name().equals(name);
  }
}
