package dev.ambit.controller.state;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files of the state folder: written whole or not at all, readable by their owner only. */
public final class PrivateFiles {
  private static final FileAttribute<Set<PosixFilePermission>> FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final Set<PosixFilePermission> OWNER =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private PrivateFiles() {}

  /** Makes {@code folder} and what is missing above it. */
  public static void folder(Path folder) {
    try {
      Files.createDirectories(folder, FOLDER);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make folder " + folder, e);
    }
  }

  /** Replaces {@code file}, mode 0600; it is on the disk when this returns. */
  public static void write(Path file, byte[] content) {
    replace(file, content, "rw-------");
  }

  /** Replaces {@code file}, mode 0644. */
  public static void writePublic(Path file, byte[] content) {
    replace(file, content, "rw-r--r--");
  }

  private static void replace(Path file, byte[] content, String mode) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IllegalArgumentException("file: got " + file + ", expected one in a folder");
    }
    folder(folder);
    try {
      Path temporary = Files.createTempFile(folder, "." + file.getFileName(), ".new", FILE);
      try {
        try (FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
          out.write(ByteBuffer.wrap(content));
          out.force(true);
        }
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString(mode));
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  /** Reads a file that only its owner may read; refuses one that is open to others. */
  public static byte[] readSecret(Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      if (!OWNER.containsAll(mode)) {
        throw new Unusable(
            file
                + ": got mode "
                + PosixFilePermissions.toString(mode)
                + ", expected rw------- or less: others could read the key");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
    return read(file);
  }

  /** Reads {@code file} whole. */
  public static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
