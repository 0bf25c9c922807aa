package dev.ambit.deploy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * One layer of an image in the making: paths without a leading slash and what is there. The same
 * content always becomes the same bytes: sorted, of one time, of nobody's name. One thread.
 */
final class Layer {
  private static final int FOLDER = 0755;
  private static final int PROGRAM = 0755;
  private static final int FILE = 0644;

  private sealed interface Node {}

  private record Folder(int mode, int owner) implements Node {}

  private record Text(byte[] content) implements Node {}

  private record Copy(Path source, int mode) implements Node {}

  private record Link(String target) implements Node {}

  private final String title;
  private final Map<String, Node> nodes = new TreeMap<>();

  /**
   * @param title what the image's history says of it
   */
  Layer(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** The paths in it, folders too. */
  Set<String> paths() {
    return Set.copyOf(nodes.keySet());
  }

  Layer text(String path, String content) {
    return put(path, new Text(content.getBytes(StandardCharsets.UTF_8)));
  }

  /** A folder that somebody else than root owns, or with a mode of its own. */
  Layer folder(String path, int mode, int owner) {
    return put(path, new Folder(mode, owner));
  }

  /** One file, a link followed; it is a program where its source is one. */
  Layer file(String path, Path source) {
    return put(path, new Copy(source, Files.isExecutable(source) ? PROGRAM : FILE));
  }

  /** Everything below a folder, links kept. */
  Layer tree(String path, Path source) throws IOException {
    try (Stream<Path> found = Files.walk(source)) {
      for (Path each : (Iterable<Path>) found::iterator) {
        String there = each.equals(source) ? path : path + "/" + source.relativize(each);
        if (Files.isSymbolicLink(each)) {
          put(there, new Link(Files.readSymbolicLink(each).toString()));
        } else if (Files.isDirectory(each)) {
          put(there, new Folder(FOLDER, 0));
        } else {
          file(there, each);
        }
      }
    }
    return this;
  }

  private Layer put(String path, Node node) {
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      String parent = path.substring(0, slash);
      if (!nodes.containsKey(parent)) {
        put(parent, new Folder(FOLDER, 0));
      }
    }
    nodes.put(path, node);
    return this;
  }

  /** Writes it as a tar archive; the stream stays open. */
  void write(OutputStream out, Instant time) throws IOException {
    var tar = new TarArchiveOutputStream(out, StandardCharsets.UTF_8.name());
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    for (Map.Entry<String, Node> each : nodes.entrySet()) {
      TarArchiveEntry entry = entry(each.getKey(), each.getValue());
      entry.setModTime(time.toEpochMilli());
      tar.putArchiveEntry(entry);
      switch (each.getValue()) {
        case Text text -> tar.write(text.content());
        case Copy copy -> Files.copy(copy.source(), tar);
        case Folder _, Link _ -> {}
      }
      tar.closeArchiveEntry();
    }
    tar.finish();
    tar.flush();
  }

  private static TarArchiveEntry entry(String path, Node node) throws IOException {
    TarArchiveEntry entry;
    switch (node) {
      case Folder folder -> {
        entry = new TarArchiveEntry(path + "/");
        entry.setMode(folder.mode());
        entry.setIds(folder.owner(), folder.owner());
      }
      case Text text -> {
        entry = new TarArchiveEntry(path);
        entry.setMode(FILE);
        entry.setSize(text.content().length);
      }
      case Copy copy -> {
        entry = new TarArchiveEntry(path);
        entry.setMode(copy.mode());
        entry.setSize(Files.size(copy.source()));
      }
      case Link link -> {
        entry = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
        entry.setLinkName(link.target());
      }
    }
    return entry;
  }

  @Override
  public String toString() {
    return title + " " + List.copyOf(nodes.keySet());
  }
}
