package dev.ambit.cli.up.story;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** A copy of the user's manifests that the story may change. Every change is one rename. */
public final class Scratch {
  private static final String LABEL = "istio.io/dataplane-mode: ambient";

  private final Path folder;
  private final Path story;

  private Scratch(Path folder, Path story) {
    this.folder = folder;
    this.story = story;
  }

  /** Copies the manifests of {@code from}, with no namespace captured yet. */
  public static Scratch copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).toList()) {
        String text = Files.readString(file);
        Files.writeString(to.resolve(file.getFileName()), withoutLabel(text));
      }
    }
    return new Scratch(to, from.resolve("story"));
  }

  /** The label's line and, when it was the only one, the heading above it. */
  static String withoutLabel(String yaml) {
    return yaml.replaceAll("(?m)^ *labels:\\R +" + LABEL + "\\R(?! {4})", "")
        .replaceAll("(?m)^ +" + LABEL + "\\R", "");
  }

  public Path folder() {
    return folder;
  }

  /** Labels a namespace as {@code kubectl label} would. */
  void enrol(String namespace) throws IOException {
    Path file = fileWith("kind: Namespace", "name: " + namespace + "\n");
    String text = Files.readString(file);
    write(
        file.getFileName().toString(),
        text.replaceFirst(
            "(?m)^  name: " + namespace + "$",
            "  name: " + namespace + "\n  labels:\n    " + LABEL));
  }

  private Path fileWith(String... parts) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String text = Files.readString(file);
        if (List.of(parts).stream().allMatch(text::contains)) {
          return file;
        }
      }
    }
    throw new IOException("no file of " + folder + " contains " + String.join(" and ", parts));
  }

  /** Adds one of the story's own manifests. */
  void add(String name) throws IOException {
    write(name, Files.readString(story.resolve(name)));
  }

  /** One of the story's own files. */
  String text(String name) throws IOException {
    return Files.readString(story.resolve(name));
  }

  /** Asks for new pods of a waypoint, as {@code kubectl rollout restart} does. */
  void restart(String namespace, String gateway) throws IOException {
    Path file =
        fileWith("kind: Gateway", "name: " + gateway + "\n", "namespace: " + namespace + "\n");
    write(
        file.getFileName().toString(),
        Files.readString(file)
            .replaceFirst(
                "(?m)^metadata:$",
                "metadata:\n  annotations:\n    ambit.dev/restartedAt: \"" + Instant.now() + '"'));
  }

  void remove(String name) throws IOException {
    Files.delete(folder.resolve(name));
  }

  private void write(String name, String text) throws IOException {
    Path fresh = folder.resolve(name + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }
}
