package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.pods.PodStatus.State;
import dev.ambit.cni.zds.Answer;
import dev.ambit.cni.zds.ProxiedPod;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes one pod what it should be: a loop that compares, takes the next step, and looks again when
 * something changed or its time has come. Every step may be repeated and starts from what is really
 * there, so an agent that was restarted goes on where the last one stood. Confined to one virtual
 * thread, except {@link #want}, {@link #wake} and {@link #status}.
 *
 * <p><b>Enrolling.</b> ztunnel first: only when it has bound its listeners in the pod do the rules
 * lead there, in one step of the kernel, so no connection is refused. What was open goes on beside
 * ztunnel until it ends, and is listed. Then the fact is written, and peers begin to use tunnels.
 *
 * <p><b>When ztunnel cannot take the pod</b> (not connected, or it refuses), the pod is {@code
 * pending}, and what happens to its traffic depends on whether anything runs in it. A pod without a
 * single TCP socket is new: its rules are put in at once, so that what starts there cannot speak
 * before ztunnel is ready (spec: cni-socket §5.3, fail closed). A pod in which programs run or
 * listen was un-captured until now because its operator had it so; refusing its live traffic would
 * be an outage that no one asked for, so it stays as it is until ztunnel is there. A pod that was
 * captured before stays captured whatever happens to ztunnel: nothing falls back to plaintext.
 *
 * <p><b>Releasing.</b> The fact goes first, so that peers stop opening tunnels, and they get a
 * moment to hear of it. Then nothing new is captured, ztunnel is told to let open connections
 * finish within the drain time, and when its sockets are gone (or the time is over) rules, routes
 * and settings are taken away. A pod that is over, deleted, or whose namespace was replaced, is
 * released at once.
 */
final class PodLoop implements Runnable {
  private static final Log LOG = Log.scope("cni::pod");

  private static final Duration END = Duration.ofNanos(-1);
  private static final Duration SURVEY = Duration.ofSeconds(1);
  private static final Duration UNTIL_WOKEN = Duration.ofDays(1);
  private static final Duration DRAIN_LOOK = Duration.ofMillis(50);
  private static final Duration DRAIN_GRACE = Duration.ofSeconds(1);

  private final String uid;
  private final PodWorld world;
  private final Backoff backoff;
  private final Semaphore wakes = new Semaphore(0);
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private volatile WantedPod wanted;
  private volatile boolean deleted;
  private volatile boolean leaving;
  private volatile Instant changed;
  private volatile PodStatus status;

  private @Nullable HeldNetwork held;
  private @Nullable Instant settled;
  private @Nullable Release release;

  /** A release whose drain is under way. */
  private record Release(CompletableFuture<Answer> told, Instant deadline) {}

  PodLoop(WantedPod wanted, PodWorld world) {
    this.uid = wanted.uid();
    this.wanted = wanted;
    this.world = world;
    this.changed = world.clock().instant();
    this.backoff = new Backoff(world.timing().retryLeast(), world.timing().retryMost());
    this.status = statusOf(State.NONE, "not looked at yet");
  }

  /** Says what the pod should be from now on. */
  void want(WantedPod pod) {
    if (!pod.equals(wanted)) {
      changed = world.clock().instant();
      wanted = pod;
      wake();
    }
  }

  /** Says that the pod is no more. */
  void delete() {
    deleted = true;
    wake();
  }

  boolean deleted() {
    return deleted;
  }

  /** Has the loop release the pod and end, because the agent stops. */
  void leave() {
    leaving = true;
    wake();
  }

  /** Completes when the loop has ended. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Has the loop look again. */
  void wake() {
    wakes.release();
  }

  PodStatus status() {
    return status;
  }

  @Override
  public void run() {
    try {
      while (true) {
        Duration wait = attempt();
        if (wait.isNegative()) {
          return;
        }
        if (wakes.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) {
          wakes.drainPermits();
          backoff.reset();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (held != null) {
        held.close();
      }
      ended.complete(null);
    }
  }

  /** One step; a negative answer ends the loop. */
  private Duration attempt() {
    try {
      return step(leaving ? wanted.released("the agent is stopping") : wanted);
    } catch (RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      Duration wait = backoff.next();
      if (!why.equals(status.reason())) {
        LOG.warn(
            "pod cannot be brought where it should be", "pod", wanted.fullName(), "error", why);
      }
      world.metrics().failed(e instanceof PodNetwork.Refused ? "network" : "internal");
      become(
          status.state() == State.ENABLED || !wanted.verdict().captured()
              ? status.state()
              : State.PENDING,
          why);
      return wait;
    }
  }

  private Duration step(WantedPod pod) {
    if (deleted) {
      releaseNow("the pod was deleted");
      return END;
    }
    HeldNetwork pods = follow(pod);
    if (pod.over()) {
      releaseNow(pod.verdict().reason());
      return leaving ? END : UNTIL_WOKEN;
    }
    if (pods == null) {
      return leaving ? END : backoff.next();
    }
    return pod.verdict().captured() ? enrol(pod, pods) : release(pod, pods);
  }

  /** Holds the namespace that the pod's file names now, if there is one. */
  private @Nullable HeldNetwork follow(WantedPod pod) {
    PodNetwork opened;
    try {
      opened = world.networks().open(pod.network());
    } catch (PodNetwork.Refused e) {
      if (held != null) {
        releaseNow("its network namespace is gone");
      }
      if (pod.verdict().captured()) {
        become(State.PENDING, String.valueOf(e.getMessage()));
      } else {
        become(State.NONE, pod.verdict().reason());
      }
      return null;
    }
    HeldNetwork before = held;
    if (before != null && before.same(opened)) {
      opened.close();
      return before;
    }
    if (before != null) {
      releaseNow("its network namespace was replaced");
    }
    held = new HeldNetwork(opened, pod.options(), world);
    return held;
  }

  private Duration enrol(WantedPod pod, HeldNetwork pods) {
    release = null;
    settled = null;
    Answer answer =
        world
            .ztunnels()
            .add(
                new ProxiedPod(
                    uid, pod.namespace(), pod.name(), pod.serviceAccount(), pods.namespace()));
    return switch (answer) {
      case Answer.Accepted _ -> {
        pods.capture(pod.options(), world.clock().instant());
        world.facts().put(pod, EnrolmentFacts.State.ENABLED);
        backoff.reset();
        boolean again = pods.survey(world.clock().instant());
        enabled(pod);
        world.probes().put(uid, pod.addresses());
        yield again ? SURVEY : world.timing().resync();
      }
      case Answer.Refused refused -> {
        world.metrics().failed("ztunnel-refused");
        yield pending(pod, pods, "ztunnel refused the pod: " + refused.error());
      }
      case Answer.Unreachable unreachable -> {
        world.metrics().failed("ztunnel-absent");
        yield pending(pod, pods, unreachable.why());
      }
    };
  }

  private void enabled(WantedPod pod) {
    if (status.state() != State.ENABLED) {
      Duration took = Duration.between(changed, world.clock().instant());
      world.metrics().enrolled(took);
      LOG.info("pod captured", "pod", pod.fullName(), "after", took.toMillis() + "ms");
    }
    become(State.ENABLED, pod.verdict().reason());
  }

  /** ztunnel does not have the pod; see the class comment for what that means for its traffic. */
  private Duration pending(WantedPod pod, HeldNetwork pods, String why) {
    Instant now = world.clock().instant();
    if (world.facts().get(pod) == EnrolmentFacts.State.ENABLED && pods.captured()) {
      pods.survey(now);
      become(State.ENABLED, "captured; " + why);
      return backoff.next();
    }
    boolean runs = !pods.captured() && pods.inUse();
    if (!runs) {
      pods.capture(pod.options(), now);
    }
    world.facts().put(pod, EnrolmentFacts.State.PENDING);
    become(
        State.PENDING,
        why
            + (runs
                ? "; programs run in the pod, so it stays un-captured until ztunnel has it"
                : "; until it has the pod, the pod's connections are refused"));
    return backoff.next();
  }

  private Duration release(WantedPod pod, HeldNetwork pods) {
    if (settled == null) {
      world.probes().remove(uid);
      EnrolmentFacts.State told = world.facts().remove(uid);
      if (told == null && !pods.touched()) {
        world.ztunnels().remove(uid, Duration.ZERO);
        become(State.NONE, pod.verdict().reason());
        backoff.reset();
        return leaving ? END : world.timing().resync();
      }
      boolean known = told == EnrolmentFacts.State.ENABLED;
      settled = world.clock().instant().plus(known ? world.timing().settle() : Duration.ZERO);
      become(State.NONE, pod.verdict().reason() + "; what is open may finish");
    }
    return drain(pod, pods, settled);
  }

  private Duration drain(WantedPod pod, HeldNetwork pods, Instant from) {
    Instant now = world.clock().instant();
    if (now.isBefore(from)) {
      return Duration.between(now, from);
    }
    if (release == null) {
      pods.drain();
      Duration time = world.timing().drain();
      CompletableFuture<Answer> told = world.ztunnels().remove(uid, time);
      told.thenRun(this::wake);
      release = new Release(told, now.plus(time).plus(DRAIN_GRACE));
    }
    boolean finished = release.told().isDone() && !pods.hasZtunnel();
    if (!finished && now.isBefore(release.deadline())) {
      return DRAIN_LOOK;
    }
    pods.remove();
    settled = null;
    release = null;
    backoff.reset();
    LOG.info("pod released", "pod", pod.fullName(), "reason", pod.verdict().reason());
    become(State.NONE, pod.verdict().reason());
    return leaving ? END : world.timing().resync();
  }

  /** The pod has ended: nothing of it needs to finish. */
  private void releaseNow(String why) {
    world.probes().remove(uid);
    world.facts().remove(uid);
    world.ztunnels().remove(uid, Duration.ZERO);
    HeldNetwork pods = held;
    held = null;
    settled = null;
    release = null;
    if (pods != null) {
      try (pods) {
        if (pods.touched()) {
          pods.remove();
          LOG.info("pod released", "pod", wanted.fullName(), "reason", why);
        }
      } catch (PodNetwork.Refused e) {
        // The namespace goes, and its rules with it.
        LOG.debug("rules stay in a namespace that goes", "pod", wanted.fullName(), "error", e);
      }
    }
    become(State.NONE, why);
  }

  private void become(State state, String reason) {
    status = statusOf(state, reason);
  }

  private PodStatus statusOf(State state, String reason) {
    WantedPod pod = wanted;
    Instant since =
        status != null && status.state() == state ? status.since() : world.clock().instant();
    List<PodStatus.Unproxied> past = held == null ? List.of() : held.unproxied();
    return new PodStatus(uid, pod.namespace(), pod.name(), state, reason, since, past);
  }
}
