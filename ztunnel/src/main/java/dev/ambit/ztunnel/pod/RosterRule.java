package dev.ambit.ztunnel.pod;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a message of the node agent means, given what is running (spec: cni-socket §4.1). Pure; the
 * {@link PodRoster} does what it says.
 */
final class RosterRule {
  private RosterRule() {}

  /**
   * One connection to the agent.
   *
   * @param named uids the snapshot has named so far
   * @param complete whether the snapshot was sent
   */
  record Session(Set<String> named, boolean complete) {
    static final Session NEW = new Session(Set.of(), false);

    Session {
      named = Set.copyOf(named);
    }

    private Session with(String uid) {
      Set<String> more = new HashSet<>(named);
      more.add(uid);
      return new Session(more, complete);
    }

    private Session without(String uid) {
      Set<String> fewer = new HashSet<>(named);
      fewer.remove(uid);
      return new Session(fewer, complete);
    }
  }

  /** What is known of the pod a message names. */
  enum Known {
    NOT,
    PENDING,
    /** Running, in the network namespace that was sent. */
    HERE,
    /** Running, in another one. */
    ELSEWHERE
  }

  /** What is to be done. */
  sealed interface Action {}

  record Nothing() implements Action {}

  /** Start the pod; whatever was pending under its uid is given up. */
  record Start(ZdsMessage.Info info) implements Action {}

  /** Stop what runs under this uid, then start the pod. */
  record Replace(ZdsMessage.Info info) implements Action {}

  /** Give up what is pending. */
  record Forget() implements Action {}

  /** Stop the pod, and give up what is pending under its uid. */
  record Stop(Duration drain) implements Action {}

  /** Stop what the snapshot did not name. */
  record StopAll(Set<String> uids) implements Action {}

  /** The agent breaks the protocol. */
  record Violation(String reason) implements Action {}

  /** The session afterwards, and what to do. */
  record Step(Session next, Action action) {}

  /**
   * @param running uids of all running pods
   * @param known what is known of the pod that {@code message} names; NOT for the end of a snapshot
   */
  static Step step(Session session, Set<String> running, Known known, ZdsMessage message) {
    return switch (message) {
      case ZdsMessage.Add add -> add(session, known, add);
      case ZdsMessage.Keep keep ->
          session.complete
              ? new Step(session, new Violation("keep after the snapshot was sent"))
              : new Step(session.with(keep.uid()), new Nothing());
      case ZdsMessage.Del del ->
          session.complete
              ? new Step(session, new Stop(del.drain()))
              : new Step(session.without(del.uid()), new Forget());
      case ZdsMessage.SnapshotSent sent -> {
        if (session.complete) {
          yield new Step(session, new Violation("a second snapshot sent"));
        }
        Set<String> missing = new TreeSet<>(running);
        missing.removeAll(session.named);
        yield new Step(new Session(Set.of(), true), new StopAll(missing));
      }
    };
  }

  private static Step add(Session session, Known known, ZdsMessage.Add add) {
    if (add.info().isEmpty()) {
      return new Step(session, new Violation("add of " + add.uid() + " without workload_info"));
    }
    Session next = session.complete ? session : session.with(add.uid());
    ZdsMessage.Info info = add.info().get();
    return new Step(
        next,
        switch (known) {
          case NOT, PENDING -> new Start(info);
          case HERE -> new Nothing();
          case ELSEWHERE -> new Replace(info);
        });
  }
}
