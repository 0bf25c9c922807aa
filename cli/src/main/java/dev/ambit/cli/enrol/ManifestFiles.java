package dev.ambit.cli.enrol;

import dev.ambit.daemon.manifest.LabelEdit;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The folder of manifests as text, so that a label can be changed where a person wrote it. */
public final class ManifestFiles {
  private final Path folder;

  public ManifestFiles(Path folder) {
    this.folder = folder;
  }

  /** Nothing can be changed; the message says why. */
  public static final class Unchanged extends RuntimeException {
    public Unchanged(String message) {
      super(message);
    }
  }

  /** What was done to which file. */
  public record Change(Path file, Optional<String> before, Optional<String> after) {
    public boolean isNothing() {
      return before.equals(after);
    }
  }

  /** The value of the label; empty without the label or the object. */
  public Optional<String> read(LabelEdit edit) throws IOException {
    for (Path file : files()) {
      Optional<String> text = textWith(edit, file, new ArrayList<>());
      if (text.isPresent()) {
        return edit.read(text.get());
      }
    }
    return Optional.empty();
  }

  /** Sets the label to {@code value}; throws {@link Unchanged} without the object. */
  public Change set(LabelEdit edit, String value) throws IOException {
    return change(edit, text -> edit.set(text, value));
  }

  /** Takes the label away; throws {@link Unchanged} without the object. */
  public Change remove(LabelEdit edit) throws IOException {
    return change(edit, edit::remove);
  }

  private Change change(LabelEdit edit, UnaryOperator<String> step) throws IOException {
    List<String> unreadable = new ArrayList<>();
    for (Path file : files()) {
      Optional<String> text = textWith(edit, file, unreadable);
      if (text.isEmpty()) {
        continue;
      }
      try {
        String edited = step.apply(text.get());
        if (!edited.equals(text.get())) {
          replace(file, edited);
        }
        return new Change(file, edit.read(text.get()), edit.read(edited));
      } catch (LabelEdit.CannotEdit e) {
        throw new Unchanged(file + ": " + e.getMessage());
      }
    }
    String name = edit.namespace().isEmpty() ? edit.name() : edit.namespace() + "/" + edit.name();
    throw new Unchanged(
        "got no "
            + edit.kind()
            + " "
            + name
            + " in "
            + folder
            + ", expected its manifest there"
            + (unreadable.isEmpty() ? "" : "; not readable: " + String.join("; ", unreadable)));
  }

  /** The text of {@code file} when it holds the object; a broken file is somebody else's. */
  private static Optional<String> textWith(LabelEdit edit, Path file, List<String> unreadable)
      throws IOException {
    try {
      String text = Files.readString(file);
      return edit.appliesTo(text) ? Optional.of(text) : Optional.empty();
    } catch (LabelEdit.CannotEdit | CharacterCodingException e) {
      unreadable.add(file.getFileName() + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Its YAML files, in order. */
  public List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches(".*\\.ya?ml"))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new Unchanged("folder of manifests: got " + folder + ", expected a folder");
    }
  }

  /**
   * Writes a file at once: whoever watches the folder sees the old text or the new one. A file that
   * was there keeps its mode.
   */
  public static void replace(Path file, String text) throws IOException {
    boolean isNew = Files.notExists(file);
    Path real = isNew ? file : file.toRealPath();
    Path fresh = real.resolveSibling("." + real.getFileName() + ".ambit-new");
    try {
      Files.writeString(fresh, text);
      if (!isNew) {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(real);
        Files.setPosixFilePermissions(fresh, mode);
      }
      Files.move(fresh, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }
}
