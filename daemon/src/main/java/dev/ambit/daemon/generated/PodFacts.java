package dev.ambit.daemon.generated;

import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.follow.FolderFiles;
import dev.ambit.daemon.follow.FolderWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How generated pods fare, as whoever runs them says it: one JSON file a runtime, {@code
 * NAME.json}, in the folder {@code pods} below that of the enrolment facts. Stands where an API
 * server has the status of pods. A file that cannot be read keeps what it last said.
 */
public final class PodFacts implements AutoCloseable {
  private static final Log LOG = Log.scope("manifest");
  private static final String ENDING = ".json";
  private static final String FOLDER = "pods";

  private final Consumer<Map<String, State>> follower;
  private final Map<String, Map<String, State>> runtimes = new TreeMap<>();
  private final FolderWatch watch;

  /** How a pod fares; one that nobody speaks of does not run. */
  public enum State {
    /** It runs and takes no traffic yet, or no more. */
    RUNNING,
    /** It takes traffic. */
    READY
  }

  private PodFacts(Path folder, Consumer<Map<String, State>> follower) {
    this.follower = follower;
    this.watch = new FolderWatch(folder, PodFacts::isFacts, this::changed);
  }

  /**
   * Replaces what {@code runtime} says, atomically. Pods are named {@code namespace/name}. Calls
   * for one runtime must not overlap.
   *
   * @param facts folder of the enrolment facts
   */
  public static void write(Path facts, String runtime, Map<String, State> pods) {
    ObjectNode text = Json.object();
    new TreeMap<>(pods)
        .forEach((pod, state) -> text.put(pod, state.name().toLowerCase(Locale.ROOT)));
    Path folder = facts.resolve(FOLDER);
    Path fresh = folder.resolve("." + runtime + ENDING);
    try {
      Files.createDirectories(folder);
      Files.writeString(fresh, Json.pretty(text) + "\n");
      Files.move(
          fresh,
          folder.resolve(runtime + ENDING),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("pod facts of " + runtime + ": " + e, e);
    }
  }

  /**
   * Hands the facts of all runtimes (pod to state) to {@code follower} before returning, then at
   * every change, on one thread of this object. Makes the folder when there is none.
   *
   * @param facts folder of the enrolment facts
   */
  public static PodFacts open(Path facts, Consumer<Map<String, State>> follower) {
    Path folder = facts.resolve(FOLDER);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("pod facts: " + e, e);
    }
    return new PodFacts(folder, follower);
  }

  private static boolean isFacts(String file) {
    return file.endsWith(ENDING) && !file.startsWith(".");
  }

  private void changed(FolderFiles.Change change, boolean gone) {
    change
        .read()
        .forEach((file, text) -> {
          if (text.unreadable().isEmpty()) {
            read(file, text.bytes());
          }
        });
    change.removed().forEach(runtimes::remove);
    Map<String, State> all = new HashMap<>();
    for (Map<String, State> facts : runtimes.values()) {
      all.putAll(facts);
    }
    follower.accept(Map.copyOf(all));
  }

  private void read(String file, byte[] bytes) {
    try {
      Map<String, State> facts = new HashMap<>();
      for (Map.Entry<String, JsonNode> fact : Json.read(bytes).properties()) {
        String word = fact.getValue().asString("");
        facts.put(fact.getKey(), State.valueOf(word.toUpperCase(Locale.ROOT)));
      }
      runtimes.put(file, facts);
    } catch (JacksonException | IllegalArgumentException e) {
      LOG.warn("pod facts cannot be read; the last ones count", "file", file, "error", e);
    }
  }

  /** Returns when the follower will not be called any more. */
  @Override
  public void close() {
    watch.close();
  }
}
