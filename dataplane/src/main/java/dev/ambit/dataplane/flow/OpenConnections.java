package dev.ambit.dataplane.flow;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Published;
import dev.ambit.model.Failure;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Authorizer;
import dev.ambit.model.policy.Peer;
import dev.ambit.model.policy.Verdict;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The table of open connections (spec: hbone §7.4). Inbound ones are registered before their first
 * verdict and decided again at every change of the mesh that may matter: policies, or the workload
 * itself. What is now forbidden is cut, and only that. Thread-safe. As long as the caps on
 * connections: the table has no limit of its own.
 */
public final class OpenConnections implements AutoCloseable {
  private static final Log LOG = Log.scope("connections");

  /** How a connection ends from outside. Called on any thread; must hand over to its event loop. */
  public interface Cut {
    void cut(Failure failure, String reason);
  }

  /** One registered connection. */
  public interface Entry extends AutoCloseable {
    /** The verdict now; inbound only. Denies when the pod's workload is not known. */
    Verdict decide();

    /** Takes the connection out of the table. */
    @Override
    void close();
  }

  /** One line of {@code config_dump} and {@code ambit connections}. */
  public record Row(
      String podUid,
      Flow.Direction direction,
      InetSocketAddress source,
      @Nullable String originalDestination,
      InetSocketAddress actualDestination,
      String protocol) {}

  private final Published<MeshView> mesh;
  // By object, not by addresses: two connections with the same addresses are two rows.
  private final Set<Tracked> open = ConcurrentHashMap.newKeySet();
  private final Semaphore changes = new Semaphore(0);
  private final Runnable unfollow;
  private final Thread checker;

  public OpenConnections(Published<MeshView> mesh) {
    this.mesh = mesh;
    // Follow first, then read: a change in between is seen twice, never missed.
    this.unfollow = mesh.follow(view -> changes.release());
    MeshView first = mesh.get();
    this.checker = Thread.ofVirtual().name("open connections").start(() -> recheck(first));
  }

  /**
   * @param podUid the pod as the node agent names it
   * @param workloadUid uid of the pod's workload, looked up anew at each verdict
   * @param source the TCP peer with its port
   * @param forwardedHost the host of the {@code forwarded} header, null without
   */
  public Entry inbound(
      String podUid,
      String workloadUid,
      InetSocketAddress source,
      Peer peer,
      @Nullable String forwardedHost,
      Cut cut) {
    String protocol = peer.identity() == null ? "TCP" : "HBONE";
    Row row =
        new Row(
            podUid, Flow.Direction.INBOUND, source, forwardedHost, peer.destination(), protocol);
    return add(new Tracked(row, cut, workloadUid, peer));
  }

  /**
   * @param protocol {@code TCP}, {@code HBONE} or {@code DOUBLEHBONE}
   */
  public Entry outbound(
      String podUid,
      InetSocketAddress source,
      InetSocketAddress original,
      InetSocketAddress actual,
      String protocol,
      Cut cut) {
    String from = io.netty.util.NetUtil.toSocketAddressString(original);
    Row row = new Row(podUid, Flow.Direction.OUTBOUND, source, from, actual, protocol);
    return add(new Tracked(row, cut, "", null));
  }

  private Entry add(Tracked tracked) {
    open.add(tracked);
    return tracked;
  }

  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    open.forEach(tracked -> rows.add(tracked.row));
    return rows;
  }

  @Override
  public void close() {
    unfollow.run();
    checker.interrupt();
  }

  private void recheck(MeshView first) {
    MeshView before = first;
    try {
      while (true) {
        changes.acquire();
        changes.drainPermits();
        MeshView now = mesh.get();
        check(before, now);
        before = now;
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private void check(MeshView before, MeshView now) {
    boolean policiesChanged = !now.hasSamePolicies(before);
    Map<String, Boolean> workloadsChanged = new HashMap<>();
    for (Tracked tracked : open) {
      boolean matters =
          tracked.peer != null
              && (policiesChanged
                  || workloadsChanged.computeIfAbsent(
                      tracked.workloadUid, uid -> !before.workload(uid).equals(now.workload(uid))));
      if (matters) {
        tracked.checkAgain(now);
      }
    }
  }

  private final class Tracked implements Entry {
    private final Row row;
    private final Cut cut;
    private final String workloadUid;
    private final @Nullable Peer peer;
    private final AtomicBoolean gone = new AtomicBoolean();
    private volatile @Nullable Workload lastKnown;

    Tracked(Row row, Cut cut, String workloadUid, @Nullable Peer peer) {
      this.row = row;
      this.cut = cut;
      this.workloadUid = workloadUid;
      this.peer = peer;
    }

    @Override
    public Verdict decide() {
      if (peer == null) {
        throw new IllegalStateException("verdict on an outbound connection: only inbound have one");
      }
      MeshView view = mesh.get();
      Workload workload = view.workload(workloadUid).orElse(null);
      lastKnown = workload;
      return Authorizer.decide(view, workload, peer);
    }

    void checkAgain(MeshView view) {
      // A workload that has vanished says nothing about its connections: the node agent ends them
      // with the pod. Until then they stay under the policies that were attached last.
      Workload workload = view.workload(workloadUid).orElse(lastKnown);
      if (workload == null || peer == null) {
        return;
      }
      lastKnown = workload;
      if (Authorizer.decide(view, workload, peer) instanceof Verdict.Denied denied
          && gone.compareAndSet(false, true)) {
        LOG.debug("cut by policy", "connection", row.toString(), "reason", denied.reason());
        open.remove(this);
        cut.cut(Failure.POLICY_CHANGED, "connection closed due to policy change");
      }
    }

    @Override
    public void close() {
      gone.set(true);
      open.remove(this);
    }
  }
}
