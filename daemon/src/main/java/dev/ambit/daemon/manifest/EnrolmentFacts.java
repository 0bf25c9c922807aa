package dev.ambit.daemon.manifest;

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
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which pods are captured, as the agents of the nodes say it: one JSON file a node, {@code
 * NODE.json}, in a folder that controller and agents share (spec: enrolment §7). Stands where an
 * API server has the annotation {@code ambient.istio.io/redirection}. A file that cannot be read
 * keeps what it last said.
 */
public final class EnrolmentFacts implements AutoCloseable {
  private static final Log LOG = Log.scope("manifest");
  private static final String ENDING = ".json";

  private final Consumer<Map<String, State>> follower;
  private final Map<String, Map<String, State>> nodes = new TreeMap<>();
  private final FolderWatch watch;
  private @Nullable Map<String, State> last;

  /** The value of the annotation. */
  public enum State {
    ENABLED,
    PENDING
  }

  private EnrolmentFacts(Path folder, Consumer<Map<String, State>> follower) {
    this.follower = follower;
    this.watch = new FolderWatch(folder, EnrolmentFacts::isFacts, this::changed);
  }

  /**
   * Replaces what {@code node} says, atomically. Pods are named {@code namespace/name}. Calls for
   * one node must not overlap.
   */
  public static void write(Path folder, String node, Map<String, State> pods) {
    if (!Forms.name(node)) {
      throw new IllegalArgumentException("node: got " + node + ", expected " + Forms.NAME);
    }
    ObjectNode facts = Json.object();
    new TreeMap<>(pods).forEach((pod, state) -> facts.put(pod, word(state)));
    Path fresh = folder.resolve("." + node + ENDING);
    try {
      Files.createDirectories(folder);
      Files.writeString(fresh, Json.pretty(facts) + "\n");
      Files.move(
          fresh,
          folder.resolve(node + ENDING),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("enrolment facts of " + node + ": " + e, e);
    }
  }

  /**
   * Hands the facts of all nodes (pod to state) to {@code follower} before returning, then at every
   * change, on one thread of this object. Makes the folder when there is none.
   */
  public static EnrolmentFacts open(Path folder, Consumer<Map<String, State>> follower) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("enrolment facts: " + e, e);
    }
    return new EnrolmentFacts(folder, follower);
  }

  private static boolean isFacts(String file) {
    return file.endsWith(ENDING) && !file.startsWith(".");
  }

  private void changed(FolderFiles.Change change, boolean gone) {
    change
        .read()
        .forEach((file, text) -> {
          Map<String, State> facts = text.unreadable().isEmpty() ? read(file, text.bytes()) : null;
          if (facts != null) {
            nodes.put(file, facts);
          }
        });
    change.removed().forEach(nodes::remove);
    Map<String, State> all = new HashMap<>();
    for (Map<String, State> facts : nodes.values()) {
      facts.forEach((pod, state) -> all.merge(pod, state, EnrolmentFacts::stronger));
    }
    Map<String, State> next = Map.copyOf(all);
    if (!next.equals(last)) {
      last = next;
      follower.accept(next);
    }
  }

  private static State stronger(State one, State other) {
    return one == State.ENABLED ? one : other;
  }

  private static @Nullable Map<String, State> read(String file, byte[] bytes) {
    try {
      Map<String, State> facts = new HashMap<>();
      JsonNode root = Json.read(bytes);
      if (!root.isObject()) {
        throw new IllegalArgumentException("got " + root.getNodeType() + ", expected an object");
      }
      for (Map.Entry<String, JsonNode> fact : root.properties()) {
        String word = fact.getValue().asString("");
        facts.put(fact.getKey(), State.valueOf(word.toUpperCase(Locale.ROOT)));
      }
      return facts;
    } catch (JacksonException | IllegalArgumentException e) {
      LOG.warn("enrolment facts cannot be read; the last ones count", "file", file, "error", e);
      return null;
    }
  }

  private static String word(State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  /** Returns when the follower will not be called any more. */
  @Override
  public void close() {
    watch.close();
  }
}
