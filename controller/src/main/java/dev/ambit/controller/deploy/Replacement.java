package dev.ambit.controller.deploy;

import dev.ambit.daemon.generated.PodFacts;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * The pods of one waypoint, one step after another: a pod that is not as it should be now goes only
 * when another one is ready in its place, and is gone only when whoever runs it says so. The same
 * observations give the same step; without news nothing changes. Pure.
 */
final class Replacement {
  /** Annotation: of what template a pod was made. */
  static final String TEMPLATE = "ambit.dev/template";

  /** Annotation: since when a pod is to end. */
  static final String DELETED_AT = "ambit.dev/deleted-at";

  private static final Comparator<Pod> BY_NUMBER = Comparator.comparingInt(Replacement::number);

  private final Map<String, PodFacts.State> facts;
  private final Instant now;

  Replacement(Map<String, PodFacts.State> facts, Instant now) {
    this.facts = facts;
    this.now = now;
  }

  /** The number at the end of a pod's name. */
  static int number(Pod pod) {
    String name = pod.metadata().name();
    String end = name.substring(name.lastIndexOf('-') + 1);
    return end.matches("\\d{1,9}") ? Integer.parseInt(end) : 0;
  }

  /**
   * @param present as they were planned last
   * @param usable whether a pod of the present ones may stay, were it not for its template
   * @param create makes the pod with a number; empty when there is no place for it
   */
  List<Pod> step(
      List<Pod> present, Wanted wanted, Predicate<Pod> usable, IntFunction<Optional<Pod>> create) {
    List<Pod> ending = new ArrayList<>();
    List<Pod> fresh = new ArrayList<>();
    List<Pod> stale = new ArrayList<>();
    for (Pod pod : present.stream().sorted(BY_NUMBER).toList()) {
      Pod observed = observed(pod);
      if (pod.terminating()) {
        if (facts.containsKey(name(pod))) {
          ending.add(observed);
        }
      } else if (usable.test(pod) && wanted.template().equals(template(pod))) {
        fresh.add(observed);
      } else {
        stale.add(observed);
      }
    }
    create(present, wanted.count(), stale, fresh, create);
    // Surplus ones go, the youngest that are not ready first; of the stale all that nobody misses.
    fresh.sort(Comparator.comparing((Pod pod) -> !pod.ready()).thenComparing(BY_NUMBER));
    while (fresh.size() > wanted.count()) {
      ending.add(ended(fresh.removeLast()));
    }
    stale.sort(Comparator.comparing((Pod pod) -> !pod.ready()).thenComparing(BY_NUMBER));
    long ready = fresh.stream().filter(Pod::ready).count();
    while (!stale.isEmpty()
        && (!stale.getLast().ready() || ready + readyOf(stale) > wanted.count())) {
      ending.add(ended(stale.removeLast()));
    }
    List<Pod> next = new ArrayList<>(fresh);
    next.addAll(stale);
    // Nobody runs them: nothing has to end.
    ending.removeIf(pod -> !facts.containsKey(name(pod)));
    next.addAll(ending);
    next.sort(BY_NUMBER);
    return List.copyOf(next);
  }

  /** How many, and of what template. */
  record Wanted(int count, String template) {}

  /** All at once the first time, one more than wanted at most in a replacement. */
  private static void create(
      List<Pod> present,
      int count,
      List<Pod> stale,
      List<Pod> fresh,
      IntFunction<Optional<Pod>> create) {
    int next = present.stream().mapToInt(Replacement::number).max().orElse(0);
    while (fresh.size() < count && fresh.size() + readyOf(stale) <= count) {
      Optional<Pod> made = create.apply(++next);
      if (made.isEmpty()) {
        return;
      }
      fresh.add(made.get());
    }
  }

  private static long readyOf(List<Pod> pods) {
    return pods.stream().filter(Pod::ready).count();
  }

  private static String name(Pod pod) {
    return pod.metadata().namespace() + "/" + pod.metadata().name();
  }

  static String template(Pod pod) {
    return pod.metadata().annotations().getOrDefault(TEMPLATE, "");
  }

  private Pod observed(Pod pod) {
    boolean ready = facts.get(name(pod)) == PodFacts.State.READY;
    return with(pod, pod.metadata(), ready, pod.terminating());
  }

  private Pod ended(Pod pod) {
    Metadata old = pod.metadata();
    Map<String, String> annotations = new HashMap<>(old.annotations());
    annotations.put(DELETED_AT, now.toString());
    Metadata metadata =
        new Metadata(
            old.namespace(),
            old.name(),
            old.uid(),
            old.labels(),
            annotations,
            old.created(),
            old.origin());
    return with(pod, metadata, pod.ready(), true);
  }

  private static Pod with(Pod pod, Metadata metadata, boolean ready, boolean terminating) {
    return new Pod(
        metadata,
        pod.node(),
        pod.serviceAccount(),
        pod.hostNetwork(),
        pod.phase(),
        ready,
        terminating,
        pod.addresses(),
        pod.containerPorts(),
        pod.owner(),
        pod.containers());
  }
}
