package dev.ambit.daemon.manifest;

import dev.ambit.daemon.manifest.ManifestFolder.Refused;
import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.daemon.manifest.ManifestReader.Loaded;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Metadata;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The objects of all files together: keeps what was last good, finds duplicates, remembers when an
 * object first appeared and how often its spec changed. No I/O; for one thread.
 */
final class FolderState {
  private static final Comparator<Key> ORDER =
      Comparator.comparing(Key::kind).thenComparing(Key::namespace).thenComparing(Key::name);

  private final Map<String, Content> files = new TreeMap<>();
  private Map<Key, Born> births = new HashMap<>();

  private record Key(String kind, String namespace, String name) {
    static Key of(ClusterObject object) {
      return new Key(object.kind(), object.metadata().namespace(), object.metadata().name());
    }

    static Key of(Refused refused) {
      return new Key(refused.kind(), refused.namespace(), refused.name());
    }

    @Override
    public String toString() {
      return kind + "/" + namespace + "/" + name;
    }
  }

  /** When an object was first seen, what was read last, and the object that came of both. */
  private record Born(Instant created, long generation, Loaded read, ClusterObject object) {}

  /**
   * A file's new content. Objects it had and that cannot be read now stay as they were; and while a
   * part of the file has no name, every object that is missing stays: it may be that one.
   */
  void put(String file, Content next) {
    Content before = files.getOrDefault(file, new Content(List.of(), List.of(), List.of(), false));
    Set<Key> readable = new HashSet<>();
    next.loaded().forEach(loaded -> readable.add(Key.of(loaded.object())));
    Set<Key> broken = new HashSet<>();
    next.refused().forEach(refused -> broken.add(Key.of(refused)));
    List<Loaded> loaded = new ArrayList<>(next.loaded());
    Set<Key> kept = new HashSet<>();
    for (Loaded old : before.loaded()) {
      Key key = Key.of(old.object());
      if (!readable.contains(key) && (next.nameless() || broken.contains(key))) {
        loaded.add(old);
        kept.add(key);
      }
    }
    List<Refused> refused = new ArrayList<>();
    for (Refused each : next.refused()) {
      refused.add(each.withLastGood(kept.contains(Key.of(each))));
    }
    for (Refused each : before.refused()) {
      Key key = Key.of(each);
      if (next.nameless() && !readable.contains(key) && !broken.contains(key)) {
        refused.add(each);
      }
    }
    files.put(file, new Content(loaded, next.problems(), refused, next.nameless()));
  }

  void remove(String file) {
    files.remove(file);
  }

  Snapshot snapshot() {
    Map<Key, ClusterObject> objects = new TreeMap<>(ORDER);
    Map<Key, Born> next = new HashMap<>();
    Map<String, String> specs = new HashMap<>();
    List<ManifestProblem> problems = new ArrayList<>();
    Map<Key, Refused> refused = new LinkedHashMap<>();
    files.forEach((file, content) -> {
      problems.addAll(content.problems());
      content.refused().forEach(each -> refused.putIfAbsent(Key.of(each), each));
      for (Loaded loaded : content.loaded()) {
        Key key = Key.of(loaded.object());
        ClusterObject first = objects.get(key);
        if (first == null) {
          Born born = born(births.get(key), loaded);
          next.put(key, born);
          objects.put(key, born.object());
          if (Kinds.carried(key.kind())) {
            specs.put(key.toString(), loaded.spec());
          }
        } else {
          problems.add(duplicate(file, loaded, first));
        }
      }
    });
    births = next;
    return new Snapshot(
        List.copyOf(objects.values()),
        List.copyOf(problems),
        List.copyOf(refused.values()),
        Map.copyOf(specs));
  }

  /** One that was not read again is the same object as before. */
  private static Born born(@Nullable Born before, Loaded loaded) {
    if (before != null && before.read() == loaded) {
      return before;
    }
    Instant created = loaded.object().metadata().created();
    long generation = 1;
    if (before != null) {
      boolean changed = !before.read().spec().equals(loaded.spec());
      generation = changed ? before.generation() + 1 : before.generation();
      created = loaded.dated() ? created : before.created();
    }
    return new Born(created, generation, loaded, object(loaded.object(), created, generation));
  }

  private static ClusterObject object(ClusterObject object, Instant created, long generation) {
    Metadata read = object.metadata();
    return object.withMetadata(
        new Metadata(
            read.namespace(),
            read.name(),
            read.uid(),
            read.labels(),
            read.annotations(),
            created,
            read.origin(),
            generation));
  }

  private static ManifestProblem duplicate(String file, Loaded second, ClusterObject first) {
    Metadata metadata = second.object().metadata();
    String name =
        metadata.namespace().isEmpty()
            ? metadata.name()
            : metadata.namespace() + "/" + metadata.name();
    return new ManifestProblem(
        file,
        second.line(),
        "metadata.name",
        second.object().kind() + " " + name + " again",
        "each object once; " + first.metadata().origin() + " counts");
  }
}
