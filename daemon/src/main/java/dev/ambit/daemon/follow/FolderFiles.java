package dev.ambit.daemon.follow;

import dev.ambit.daemon.Log;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The files of a folder as they were last read. For one thread. */
public final class FolderFiles {
  private static final Log LOG = Log.scope("manifest");
  private static final int MOST_BYTES = 16 * 1024 * 1024;
  private static final int MOST_FILES = 10_000;

  /** A file found changed without an event must be at rest for so long: it may be half written. */
  private static final Duration REST = Duration.ofSeconds(1);

  private final Path folder;
  private final Predicate<String> relevant;
  private final InstantSource clock;
  private final Map<String, Stamp> known = new HashMap<>();

  /** A file as it was read. {@code unreadable} says why it was not, or is "". */
  public record Text(byte[] bytes, Instant modified, String unreadable) {}

  /** What is new since the last look. */
  public record Change(Map<String, Text> read, Set<String> removed) {
    public boolean isEmpty() {
      return read.isEmpty() && removed.isEmpty();
    }
  }

  private record Stamp(long size, Instant modified, @Nullable Object key, byte[] digest) {
    boolean sameFile(BasicFileAttributes now) {
      return size == now.size()
          && modified.equals(now.lastModifiedTime().toInstant())
          && String.valueOf(key).equals(String.valueOf(now.fileKey()));
    }
  }

  FolderFiles(Path folder, Predicate<String> relevant, InstantSource clock) {
    this.folder = folder;
    this.relevant = relevant;
    this.clock = clock;
  }

  /** Reads every file. */
  Change all() {
    Set<String> names = listed();
    return look(names, true, known.keySet());
  }

  /** Reads these, and notices those of them that are gone. */
  Change only(Set<String> names) {
    Set<String> wanted = new HashSet<>(names);
    wanted.removeIf(relevant.negate());
    return look(wanted, true, wanted);
  }

  /** Reads what has changed and is at rest. */
  Change rested() {
    return look(listed(), false, known.keySet());
  }

  /**
   * @param finished whether the files are known to be written to their end
   * @param expected of these, names that are not there are removed ones
   */
  private Change look(Set<String> names, boolean finished, Set<String> expected) {
    Map<String, Text> read = new TreeMap<>();
    Set<String> present = new HashSet<>();
    Instant restedSince = clock.instant().minus(REST);
    for (String name : names) {
      try {
        Path file = folder.resolve(name);
        var now = Files.readAttributes(file, BasicFileAttributes.class);
        if (!now.isRegularFile()) {
          continue;
        }
        present.add(name);
        Stamp before = known.get(name);
        boolean rested = now.lastModifiedTime().toInstant().isBefore(restedSince);
        if (finished || rested && (before == null || !before.sameFile(now))) {
          read(name, now, read);
        }
      } catch (NoSuchFileException e) {
        present.remove(name);
      } catch (IOException e) {
        present.add(name);
        known.put(name, new Stamp(-1, Instant.MIN, null, new byte[0]));
        read.put(name, new Text(new byte[0], clock.instant(), e.toString()));
      }
    }
    Set<String> removed = new HashSet<>(known.keySet());
    removed.retainAll(expected);
    removed.removeAll(present);
    known.keySet().removeAll(removed);
    return new Change(read, removed);
  }

  private void read(String name, BasicFileAttributes now, Map<String, Text> read)
      throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(folder.resolve(name))) {
      bytes = in.readNBytes(MOST_BYTES + 1);
    }
    Instant modified = now.lastModifiedTime().toInstant();
    byte[] digest = digest(bytes);
    Stamp before = known.put(name, new Stamp(now.size(), modified, now.fileKey(), digest));
    if (bytes.length > MOST_BYTES) {
      read.put(name, new Text(new byte[0], modified, "more than " + MOST_BYTES + " bytes"));
    } else if (before == null || !Arrays.equals(before.digest, digest)) {
      read.put(name, new Text(bytes, modified, ""));
    }
  }

  private Set<String> listed() {
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (relevant.test(name)) {
          if (names.size() == MOST_FILES) {
            LOG.error("too many files; the rest is not read", "folder", folder, "most", MOST_FILES);
            break;
          }
          names.add(name);
        }
      }
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
