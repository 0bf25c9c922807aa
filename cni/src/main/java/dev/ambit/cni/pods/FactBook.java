package dev.ambit.cni.pods;

import dev.ambit.daemon.manifest.EnrolmentFacts.State;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this node tells the controller about its pods. Entries belong to a pod's uid, so that a pod
 * that goes cannot take the fact of its successor of the same name along. Each change is written
 * before the call returns; one that could not be written is not taken as made. Thread-safe.
 */
final class FactBook {
  private record Fact(String pod, State state) {}

  private final Consumer<Map<String, State>> writer;
  private final ReentrantLock lock = new ReentrantLock();
  private Map<String, Fact> facts = Map.of();

  FactBook(Consumer<Map<String, State>> writer) {
    this.writer = writer;
  }

  /** Starts with what an earlier run wrote about pods that are still wanted. */
  void adopt(Map<String, State> written, Iterable<WantedPod> pods) {
    Map<String, Fact> first = new HashMap<>();
    for (WantedPod pod : pods) {
      State state = written.get(pod.fullName());
      if (state != null) {
        first.put(pod.uid(), new Fact(pod.fullName(), state));
      }
    }
    replace(first);
  }

  @Nullable State get(WantedPod pod) {
    lock.lock();
    try {
      Fact fact = facts.get(pod.uid());
      return fact == null ? null : fact.state();
    } finally {
      lock.unlock();
    }
  }

  void put(WantedPod pod, State state) {
    Fact fact = new Fact(pod.fullName(), state);
    lock.lock();
    try {
      if (!fact.equals(facts.get(pod.uid()))) {
        Map<String, Fact> next = new LinkedHashMap<>(facts);
        next.put(pod.uid(), fact);
        replace(next);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Answers what was said before. */
  @Nullable State remove(String uid) {
    lock.lock();
    try {
      Fact fact = facts.get(uid);
      if (fact == null) {
        return null;
      }
      Map<String, Fact> next = new LinkedHashMap<>(facts);
      next.remove(uid);
      replace(next);
      return fact.state();
    } finally {
      lock.unlock();
    }
  }

  private void replace(Map<String, Fact> next) {
    lock.lock();
    try {
      Map<String, State> byName = new TreeMap<>();
      next.values().forEach(fact -> byName.put(fact.pod(), fact.state()));
      writer.accept(byName);
      facts = next;
    } finally {
      lock.unlock();
    }
  }
}
