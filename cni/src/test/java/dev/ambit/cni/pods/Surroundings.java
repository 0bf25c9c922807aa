package dev.ambit.cni.pods;

import dev.ambit.cni.enrol.Enrolment;
import dev.ambit.cni.enrol.PodNetwork;
import dev.ambit.cni.enrol.ProbeBypass;
import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.cni.enrol.RedirectRules.Found;
import dev.ambit.cni.zds.Answer;
import dev.ambit.cni.zds.ProxiedPod;
import dev.ambit.cni.zds.Ztunnels;
import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Kernel.TcpState;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Loops whose namespaces, ztunnel and facts are scripted here; everything they do is written into
 * one journal, in order.
 */
final class Surroundings implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  final LinkedBlockingQueue<String> journal = new LinkedBlockingQueue<>();

  /** What opening the pod's file gives; a text is the reason why it cannot be opened. */
  volatile Object network = new Space("a");

  volatile Answer answer = new Answer.Accepted();
  volatile Map<String, EnrolmentFacts.State> facts = Map.of();
  final PodLoops loops;

  Surroundings() {
    this(
        new Timing(
            Duration.ofMillis(20),
            Duration.ofMillis(300),
            Duration.ofMillis(2),
            Duration.ofMillis(50),
            Duration.ofMillis(20),
            Duration.ofMillis(40)));
  }

  Surroundings(Timing timing) {
    loops =
        new PodLoops(
            new PodLoops.Effects(
                _ -> {
                  if (network instanceof Space space) {
                    return space.opened();
                  }
                  throw new PodNetwork.Refused((String) network);
                },
                new Ztunnel(),
                ProbeBypass.of(List.of()),
                written -> {
                  if (!written.equals(facts)) {
                    facts = Map.copyOf(written);
                    journal.add("facts " + written);
                  }
                }),
            new SimpleMeterRegistry(),
            timing);
  }

  void start(WantedPod... pods) {
    loops.start(byUid(pods), Map.of());
  }

  void update(WantedPod... pods) {
    loops.update(byUid(pods));
  }

  static Map<String, WantedPod> byUid(WantedPod... pods) {
    Map<String, WantedPod> map = new java.util.LinkedHashMap<>();
    for (WantedPod pod : pods) {
      map.put(pod.uid(), pod);
    }
    return map;
  }

  static WantedPod pod(boolean captured) {
    return new WantedPod(
        "u1",
        "shop",
        "web",
        "default",
        List.of(),
        Path.of("/run/netns/none"),
        new Enrolment.Verdict(captured, captured ? "labelled" : "not labelled"),
        RedirectOptions.BASE,
        false);
  }

  static WantedPod over() {
    WantedPod pod = pod(false);
    return new WantedPod(
        pod.uid(),
        pod.namespace(),
        pod.name(),
        pod.serviceAccount(),
        pod.addresses(),
        pod.network(),
        new Enrolment.Verdict(false, "the pod is over"),
        pod.options(),
        true);
  }

  /** Waits for the next lines of the journal and compares. */
  void happens(String... lines) throws InterruptedException {
    for (String expected : lines) {
      String got = journal.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      if (!expected.equals(got)) {
        throw new AssertionError("expected: " + expected + ", got: " + got + ", then " + journal);
      }
    }
  }

  /** Waits until the only pod's status is as wanted. */
  PodStatus awaits(Predicate<PodStatus> wanted) {
    long end = System.nanoTime() + DEADLINE.toNanos();
    List<PodStatus> now = List.of();
    while (System.nanoTime() < end) {
      now = loops.statuses();
      if (now.size() == 1 && wanted.test(now.getFirst())) {
        return now.getFirst();
      }
      Thread.onSpinWait();
      Thread.yield();
    }
    throw new AssertionError("in vain: " + now);
  }

  PodStatus awaits(PodStatus.State state) {
    return awaits(status -> status.state() == state);
  }

  @Override
  public void close() {
    loops.close();
  }

  static TcpSocket socket(int mark) {
    return new TcpSocket(
        new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 40000),
        new InetSocketAddress(InetAddress.ofLiteral("10.0.0.2"), 80),
        TcpState.ESTABLISHED,
        7,
        0,
        mark);
  }

  /** A scripted namespace. */
  final class Space {
    final String name;
    volatile Found found = Found.NOTHING;
    volatile List<TcpSocket> sockets = new ArrayList<>();
    volatile String failure = "";

    Space(String name) {
      this.name = name;
    }

    PodNetwork opened() {
      return new View(this);
    }
  }

  private final class View implements PodNetwork {
    private final Space space;

    View(Space space) {
      this.space = space;
    }

    @Override
    public Netns namespace() {
      return NONE;
    }

    @Override
    public boolean same(PodNetwork other) {
      return space == ((View) other).space;
    }

    @Override
    public Found found(RedirectOptions options) {
      return space.found;
    }

    @Override
    public void capture(RedirectOptions options) {
      change("capture", Found.CURRENT);
    }

    @Override
    public void drain() {
      change("drain", Found.DRAINING);
    }

    @Override
    public void remove() {
      change("remove", Found.NOTHING);
    }

    private void change(String what, Found then) {
      if (!space.failure.isEmpty()) {
        throw new Refused(space.failure);
      }
      space.found = then;
      journal.add(what + " " + space.name);
    }

    @Override
    public List<TcpSocket> sockets() {
      return space.sockets;
    }

    @Override
    public void close() {}
  }

  private static final Netns NONE = Netns.own();

  private final class Ztunnel implements Ztunnels {
    private final java.util.Set<String> roster = java.util.concurrent.ConcurrentHashMap.newKeySet();
    private final java.util.Set<String> accepted =
        java.util.concurrent.ConcurrentHashMap.newKeySet();

    @Override
    public Answer add(ProxiedPod pod) {
      roster.add(pod.uid());
      Answer now = answer;
      if (now instanceof Answer.Accepted && accepted.add(pod.uid())) {
        journal.add("ztunnel adds " + pod.uid());
      }
      return now;
    }

    @Override
    public void expect(String uid) {
      roster.add(uid);
      journal.add("expect " + uid);
    }

    @Override
    public CompletableFuture<Answer> remove(String uid, Duration drain) {
      if (roster.remove(uid)) {
        accepted.remove(uid);
        journal.add("ztunnel removes " + uid + (drain.isZero() ? "" : " with drain"));
      }
      return CompletableFuture.completedFuture(answer);
    }

    @Override
    public int connected() {
      return 1;
    }

    @Override
    public void close() {}
  }
}
