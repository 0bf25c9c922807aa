package dev.ambit.cli.up;

import dev.ambit.cli.up.process.Await;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The folder of one mesh, with the mark {@code up.json} that says whose it is. Only a folder with a
 * mark is ever removed.
 */
final class StateFolder {
  private static final String MARK = "up.json";
  private static final Duration REMOVAL_PATIENCE = Duration.ofSeconds(5);

  private final Path folder;

  StateFolder(Path folder) {
    this.folder = folder;
  }

  Path path() {
    return folder;
  }

  /**
   * Takes the folder for a mesh of this process. What a killed mesh has left is removed; throws
   * when one stands there, or when the folder is somebody else's.
   */
  void take(String id) throws IOException {
    if (Files.exists(folder)) {
      Optional<ProcessHandle> owner = owner();
      if (owner.isPresent()) {
        throw new IOException(
            "a mesh stands in "
                + folder
                + " already (process "
                + owner.get().pid()
                + "): end it, or choose another folder with --state");
      }
      if (!Files.exists(folder.resolve(MARK)) && !empty()) {
        throw new IOException(
            "--state: got "
                + folder
                + " with files that are not a mesh's, expected a new or empty folder");
      }
      remove();
    }
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ProcessHandle self = ProcessHandle.current();
    ObjectNode mark = JsonNodeFactory.instance.objectNode();
    mark.put("id", id);
    mark.put("pid", self.pid());
    mark.put("started", started(self));
    Files.write(folder.resolve(MARK), Json.write(mark));
  }

  private boolean empty() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  /** The living process that took the folder; a process id alone might be another's by now. */
  private Optional<ProcessHandle> owner() {
    try {
      JsonNode mark = Json.read(Files.readAllBytes(folder.resolve(MARK)));
      long began = mark.path("started").asLong();
      return ProcessHandle.of(mark.path("pid").asLong())
          .filter(ProcessHandle::isAlive)
          .filter(process -> started(process) == began);
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /** Removes the folder and everything in it. */
  void remove() throws IOException {
    // Files of a program that is being killed this moment may still appear.
    if (!Await.until(REMOVAL_PATIENCE, this::removedNow)) {
      throw new IOException("cannot remove " + folder + ": files keep appearing in it");
    }
  }

  private boolean removedNow() throws IOException {
    List<Path> all;
    try (Stream<Path> tree = Files.walk(folder)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException | UncheckedIOException e) {
      return !Files.exists(folder);
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
    return true;
  }

  /** Copies the logs of the mesh to {@code target}. */
  void keepLogs(Path target) throws IOException {
    Path logs = folder.resolve("log");
    if (!Files.isDirectory(logs)) {
      return;
    }
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(logs)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            target.resolve(file.getFileName()),
            java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
