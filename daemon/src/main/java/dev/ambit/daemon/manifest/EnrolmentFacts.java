package dev.ambit.daemon.manifest;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Which pods are captured, as the agents of the nodes say it: one JSON file a node, {@code
 * NODE.json}, in a folder that controller and agents share (spec: enrolment §7). Stands where an
 * API server has the annotation {@code ambient.istio.io/redirection}.
 */
public final class EnrolmentFacts implements AutoCloseable {
  private EnrolmentFacts() {}

  /** The value of the annotation. */
  public enum State {
    ENABLED,
    PENDING
  }

  /** Replaces what {@code node} says, atomically. Pods are named {@code namespace/name}. */
  public static void write(Path folder, String node, Map<String, State> pods) {
    throw new UnsupportedOperationException("write");
  }

  /**
   * Hands the facts of all nodes (pod to state) to {@code follower} before returning, then at every
   * change.
   */
  public static EnrolmentFacts open(Path folder, Consumer<Map<String, State>> follower) {
    throw new UnsupportedOperationException("open");
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException("close");
  }
}
