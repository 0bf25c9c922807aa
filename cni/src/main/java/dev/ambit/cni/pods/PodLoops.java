package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.enrol.ProbeBypass;
import dev.ambit.cni.zds.Ztunnels;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** One {@link PodLoop} for each pod of the node, each on a virtual thread. Thread-safe. */
public final class PodLoops implements AutoCloseable {
  /** Beyond what a node can hold; further pods are not looked after. */
  private static final int MOST_PODS = 4096;

  private record Running(PodLoop loop, Thread thread) {}

  private final PodWorld world;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Running> loops = new LinkedHashMap<>();
  private boolean started;
  private boolean stopped;

  /**
   * What the loops act on.
   *
   * @param factWriter writes what the node says about its pods
   */
  public record Effects(
      PodNetwork.Opener networks,
      Ztunnels ztunnels,
      ProbeBypass probes,
      Consumer<Map<String, EnrolmentFacts.State>> factWriter) {}

  /** No loops yet. */
  public PodLoops(Effects effects, MeterRegistry registry, Timing timing) {
    AgentMetrics metrics = new AgentMetrics(registry);
    this.world =
        new PodWorld(
            effects.networks(),
            effects.ztunnels(),
            effects.probes(),
            new FactBook(effects.factWriter()),
            metrics,
            InstantSource.system(),
            timing);
    for (PodStatus.State state : PodStatus.State.values()) {
      metrics.gauge(
          "ambit_cni_pods",
          "state",
          state.name().toLowerCase(java.util.Locale.ROOT),
          () -> statuses().stream().filter(status -> status.state() == state).count());
    }
    metrics.gauge(
        "ambit_cni_unproxied_connections",
        "reason",
        "older-than-enrolment",
        () -> statuses().stream().mapToInt(status -> status.unproxied().size()).sum());
    metrics.gauge("ambit_cni_ztunnels", "state", "connected", effects.ztunnels()::connected);
  }

  /**
   * Begins with {@code pods}, and with what an earlier run of the agent wrote about them: those
   * count as captured, and their ztunnels as having them, until the loops know better.
   */
  public void start(Map<String, WantedPod> pods, Map<String, EnrolmentFacts.State> written) {
    List<WantedPod> captured =
        pods.values().stream().filter(pod -> pod.verdict().captured() && !pod.over()).toList();
    world.facts().adopt(written, captured);
    for (WantedPod pod : captured) {
      if (world.facts().get(pod) != null) {
        world.ztunnels().expect(pod.uid());
      }
    }
    lock.lock();
    try {
      started = true;
    } finally {
      lock.unlock();
    }
    update(pods);
  }

  /** Takes over what the pods of the node should be. */
  public void update(Map<String, WantedPod> pods) {
    lock.lock();
    try {
      if (!started || stopped) {
        return;
      }
      loops.values().removeIf(running -> running.loop().ended().isDone());
      loops.forEach((uid, running) -> {
        if (!pods.containsKey(uid)) {
          running.loop().delete();
        }
      });
      pods.values().forEach(this::want);
    } finally {
      lock.unlock();
    }
  }

  private void want(WantedPod pod) {
    Running running = loops.get(pod.uid());
    if (running != null && !running.loop().deleted()) {
      running.loop().want(pod);
      return;
    }
    if (running == null && loops.size() >= MOST_PODS) {
      world.metrics().failed("too-many-pods");
      return;
    }
    PodLoop loop = new PodLoop(pod, world);
    // A pod that comes back under its uid waits until its first life is cleaned away.
    CompletableFuture<Void> before =
        running == null ? CompletableFuture.completedFuture(null) : running.loop().ended();
    Thread thread =
        Thread.ofVirtual()
            .name("pod-" + pod.fullName())
            .start(() -> {
              before.join();
              loop.run();
            });
    loops.put(pod.uid(), new Running(loop, thread));
  }

  /** Has the loop of one pod look again. */
  public void wake(String uid) {
    lock.lock();
    try {
      Running running = loops.get(uid);
      if (running != null) {
        running.loop().wake();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Has every loop look again. */
  public void wakeAll() {
    lock.lock();
    try {
      loops.values().forEach(running -> running.loop().wake());
    } finally {
      lock.unlock();
    }
  }

  /** Where every pod stands. */
  public List<PodStatus> statuses() {
    lock.lock();
    try {
      return loops.values().stream()
          .filter(running -> !running.loop().ended().isDone())
          .map(running -> running.loop().status())
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Releases every pod, as a label would, and waits for that; answers whether all were. */
  public boolean release(Duration most) {
    List<CompletableFuture<Void>> ends;
    lock.lock();
    try {
      stopped = true;
      loops.values().forEach(running -> running.loop().leave());
      ends = loops.values().stream().map(running -> running.loop().ended()).toList();
    } finally {
      lock.unlock();
    }
    try {
      CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
          .get(most.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      return false;
    }
  }

  /** Ends the loops and leaves every pod as it is. */
  @Override
  public void close() {
    List<Running> all;
    lock.lock();
    try {
      stopped = true;
      all = List.copyOf(loops.values());
    } finally {
      lock.unlock();
    }
    all.forEach(running -> running.thread().interrupt());
    for (Running running : all) {
      try {
        running.thread().join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
