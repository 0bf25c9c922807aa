package dev.ambit.cli.enrol;

import dev.ambit.cli.reach.RunningMesh;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** Waits until the node agents have done what a label asks of pods, or say why they do not. */
final class Settling {
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final RunningMesh mesh;
  private final Predicate<JsonNode> concerned;
  private final boolean enrolling;
  private final LongSupplier nanos;
  private final long start;

  /**
   * Starts the clock: make one before the label is changed.
   *
   * @param concerned which rows of the agents' page matter
   */
  Settling(RunningMesh mesh, Predicate<JsonNode> concerned, boolean enrolling, LongSupplier nanos) {
    this.mesh = mesh;
    this.concerned = concerned;
    this.enrolling = enrolling;
    this.nanos = nanos;
    this.start = nanos.getAsLong();
  }

  /**
   * A pod, as its agent last reported it.
   *
   * @param settled whether the agent is done with it
   * @param after how long after the start it was first seen settled
   */
  record PodState(String name, String state, String reason, boolean settled, Duration after) {
    boolean isCaptured() {
      return state.equals("enabled");
    }
  }

  /** The pods' last states, in the order of names. */
  List<PodState> await(Duration patience) throws InterruptedException {
    Map<String, PodState> seen = new TreeMap<>();
    while (true) {
      look(seen);
      boolean all = seen.values().stream().allMatch(PodState::settled);
      if (all || elapsed().compareTo(patience) > 0) {
        return new ArrayList<>(seen.values());
      }
      Thread.sleep(PAUSE);
    }
  }

  private Duration elapsed() {
    return Duration.ofNanos(nanos.getAsLong() - start);
  }

  private void look(Map<String, PodState> seen) {
    for (RunningMesh.Said said : mesh.askAgents("/pods")) {
      Duration now = elapsed();
      for (JsonNode row : said.page()) {
        if (concerned.test(row)) {
          String name = row.path("namespace").asString("") + "/" + row.path("name").asString("");
          String state = row.path("state").asString("");
          String reason = row.path("reason").asString("");
          PodState before = seen.get(name);
          Duration after =
              before != null && before.settled() && before.state().equals(state)
                  ? before.after()
                  : now;
          seen.put(name, new PodState(name, state, reason, isSettled(state, reason), after));
        }
      }
    }
  }

  /** A pod that stays as it is for a reason of its own, not its namespace's, is settled, too. */
  private boolean isSettled(String state, String reason) {
    boolean ownReason = reason.startsWith("the pod ") || reason.startsWith("namespace ");
    return enrolling
        ? state.equals("enabled") || (state.equals("none") && ownReason)
        : state.equals("none")
            || (state.equals("enabled") && reason.startsWith("the pod is labelled"));
  }
}
