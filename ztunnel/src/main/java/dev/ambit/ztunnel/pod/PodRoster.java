package dev.ambit.ztunnel.pod;

import dev.ambit.daemon.Drain;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.kernel.Netns;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The pods of this node and their proxies (spec: cni-socket §4). Does what {@link RosterRule} says:
 * starts, replaces and stops proxies, keeps those that cannot start yet and tries them again.
 * Running proxies outlive the connection to the agent. Thread-safe; messages come from one thread,
 * and block it until the answer is due.
 */
public final class PodRoster implements Drain.Part {
  private static final Log LOG = Log.scope("pods");
  private static final Duration LONGEST_START = Duration.ofSeconds(10);
  private static final Duration LONGEST_DRAIN = Duration.ofHours(1);

  /** More pods than a node can have. */
  private static final int MOST_PODS = 4_096;

  /** The agent does not keep to the protocol; the connection is of no use any more. */
  public static final class Violation extends RuntimeException {
    Violation(String reason) {
      super(reason);
    }
  }

  /** One pod, for dumps. */
  public record Row(LocalPod pod, boolean up, List<PodRunner.TunnelRow> tunnels) {}

  private record Up(LocalPod pod, PodRunner.Running proxy) {}

  private final PodRunner runner;
  private final Readiness.Gate ready;
  private final RosterMetrics metrics;
  private final Duration drainDeadline;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Up> running = new ConcurrentHashMap<>();
  private final Map<String, LocalPod> pending = new ConcurrentHashMap<>();

  /** Proxies on their way out, with the ends of their drains; the pod may be back meanwhile. */
  private final Map<Up, CompletableFuture<Void>> leaving = new ConcurrentHashMap<>();

  private RosterRule.Session session = RosterRule.Session.NEW;
  private boolean draining;

  /**
   * @param ready open while a snapshot holds and everything in it has started
   * @param drainDeadline how long connections may last once this process ends
   */
  public PodRoster(
      PodRunner runner, Readiness.Gate ready, Metrics metrics, Duration drainDeadline) {
    this.runner = runner;
    this.ready = ready;
    this.metrics = new RosterMetrics(metrics);
    this.drainDeadline = drainDeadline;
  }

  /** A new connection: its snapshot replaces what earlier ones said. */
  public void sessionBegun() {
    lock.lock();
    try {
      session = RosterRule.Session.NEW;
      List.copyOf(pending.keySet()).forEach(this::forget);
    } finally {
      lock.unlock();
    }
  }

  /** The connection is gone; the proxies stay. */
  public void sessionEnded() {
    lock.lock();
    try {
      // What an earlier snapshot said must not open the gate again, as a retry would.
      session = RosterRule.Session.NEW;
      ready.shut();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Does what a message asks and answers the error for its ack, "" for none. A pod that is to drain
   * is acknowledged at once: answers come in the order of requests, so waiting for its last
   * connection would hold up every other pod of the node. The agent sees the end of the drain by
   * itself: our sockets are gone from the pod.
   *
   * @param network comes with an Add, null otherwise; taken over
   */
  public String handle(ZdsMessage message, @Nullable Netns network) throws InterruptedException {
    String error = "";
    lock.lock();
    try {
      if (draining) {
        close(network);
        return "failure to process message : this proxy is shutting down";
      }
      RosterRule.Step step =
          RosterRule.step(session, running.keySet(), known(message, network), message);
      session = step.next();
      switch (step.action()) {
        case RosterRule.Nothing nothing -> close(network);
        case RosterRule.Start start -> error = add(uid(message), start.info(), network);
        case RosterRule.Replace replace -> {
          stop(uid(message));
          error = add(uid(message), replace.info(), network);
        }
        case RosterRule.Forget forget -> forget(uid(message));
        case RosterRule.Stop stop -> {
          forget(uid(message));
          if (stop.drain().isZero()) {
            stop(uid(message));
          } else {
            boolean tooLong = stop.drain().compareTo(LONGEST_DRAIN) > 0;
            drain(uid(message), tooLong ? LONGEST_DRAIN : stop.drain());
          }
        }
        case RosterRule.StopAll all -> all.uids().forEach(this::stop);
        case RosterRule.Violation violation -> {
          close(network);
          throw new Violation(violation.reason());
        }
      }
      openWhenComplete();
    } finally {
      lock.unlock();
    }
    return error;
  }

  /** Tries once more what could not be started. To be called every few seconds. */
  public void retryPending() throws InterruptedException {
    lock.lock();
    try {
      for (LocalPod pod : List.copyOf(pending.values())) {
        if (!draining && start(pod).isEmpty()) {
          LOG.info("pending proxy started", "pod", name(pod));
        }
      }
      openWhenComplete();
    } finally {
      lock.unlock();
    }
  }

  /** Every pod, by uid. */
  public Map<String, Row> rows() {
    Map<String, Row> rows = new TreeMap<>();
    pending.forEach((uid, pod) -> rows.put(uid, new Row(pod, false, List.of())));
    running.forEach((uid, up) -> rows.put(uid, row(up)));
    leaving.keySet().forEach(up -> rows.putIfAbsent(up.pod.uid(), row(up)));
    return rows;
  }

  private static Row row(Up up) {
    return new Row(up.pod, true, up.proxy.tunnels());
  }

  /** The whole process ends: every proxy drains; no message is answered with success any more. */
  @Override
  public CompletableFuture<Void> finish() {
    lock.lock();
    try {
      draining = true;
      List.copyOf(pending.keySet()).forEach(this::forget);
      List.copyOf(running.keySet()).forEach(uid -> drain(uid, drainDeadline));
      return CompletableFuture.allOf(leaving.values().toArray(CompletableFuture<?>[]::new));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void force() {
    lock.lock();
    try {
      draining = true;
      List.copyOf(running.keySet()).forEach(this::stop);
      leaving.keySet().forEach(up -> up.proxy.stop());
    } finally {
      lock.unlock();
    }
  }

  private RosterRule.Known known(ZdsMessage message, @Nullable Netns network) {
    if (!(message instanceof ZdsMessage.Add add)) {
      return RosterRule.Known.NOT;
    }
    Up up = running.get(add.uid());
    if (up == null) {
      return pending.containsKey(add.uid()) ? RosterRule.Known.PENDING : RosterRule.Known.NOT;
    }
    return network != null && up.pod.network().same(network)
        ? RosterRule.Known.HERE
        : RosterRule.Known.ELSEWHERE;
  }

  private static String uid(ZdsMessage message) {
    return switch (message) {
      case ZdsMessage.Add add -> add.uid();
      case ZdsMessage.Keep keep -> keep.uid();
      case ZdsMessage.Del del -> del.uid();
      case ZdsMessage.SnapshotSent sent -> "";
    };
  }

  private String add(String uid, ZdsMessage.Info info, @Nullable Netns network)
      throws InterruptedException {
    if (network == null) {
      throw new IllegalStateException("add of " + uid + " without a network namespace");
    }
    forget(uid);
    if (running.size() + pending.size() >= MOST_PODS) {
      network.close();
      return "failure to start proxy : too many pods, at most " + MOST_PODS;
    }
    LocalPod pod = new LocalPod(uid, info.namespace(), info.name(), info.serviceAccount(), network);
    pending.put(uid, pod);
    metrics.pending(pod);
    return start(pod);
  }

  /** Starts a pending pod, which otherwise stays so; answers the error. */
  private String start(LocalPod pod) throws InterruptedException {
    CompletableFuture<PodRunner.Running> starting = runner.start(pod);
    try {
      PodRunner.Running proxy = starting.get(LONGEST_START.toMillis(), TimeUnit.MILLISECONDS);
      pending.remove(pod.uid());
      metrics.noLongerPending(pod);
      running.put(pod.uid(), new Up(pod, proxy));
      metrics.started();
      LOG.info("proxy started", "pod", name(pod), "uid", pod.uid());
      return "";
    } catch (ExecutionException failed) {
      return failed(pod, String.valueOf(failed.getCause()));
    } catch (TimeoutException late) {
      // Whatever comes of it now would run beside the next attempt.
      starting.thenAccept(PodRunner.Running::stop);
      return failed(pod, "no listeners within " + LONGEST_START.toSeconds() + " s");
    }
  }

  private static String failed(LocalPod pod, String reason) {
    LOG.warn("proxy pending", "pod", name(pod), "uid", pod.uid(), "error", reason);
    return "failure to start proxy : " + reason;
  }

  private void forget(String uid) {
    LocalPod pod = pending.remove(uid);
    if (pod != null) {
      metrics.noLongerPending(pod);
      pod.network().close();
    }
  }

  /** Also ends what drains under this uid. */
  private void stop(String uid) {
    leaving.keySet().stream().filter(up -> up.pod.uid().equals(uid)).forEach(up -> up.proxy.stop());
    Up up = running.remove(uid);
    if (up != null) {
      metrics.stopped();
      LOG.info("proxy stopped", "pod", name(up.pod), "uid", uid);
      up.proxy.stop();
    }
  }

  /** The pod stays in the rows until its last connection has ended. */
  private void drain(String uid, Duration deadline) {
    Up up = running.remove(uid);
    if (up == null) {
      return;
    }
    LOG.info("proxy draining", "pod", name(up.pod), "uid", uid, "deadline", deadline.toString());
    CompletableFuture<Void> end = up.proxy.drain(deadline);
    leaving.put(up, end);
    end.whenComplete((done, failure) -> {
      leaving.remove(up);
      metrics.stopped();
      if (failure != null) {
        LOG.warn("drain did not end well", "pod", name(up.pod), "error", failure.toString());
      }
    });
  }

  private void openWhenComplete() {
    if (session.complete() && pending.isEmpty()) {
      ready.open();
    }
  }

  private static void close(@Nullable Netns network) {
    if (network != null) {
      network.close();
    }
  }

  private static String name(LocalPod pod) {
    return pod.namespace() + "/" + pod.name();
  }
}
