package dev.ambit.waypoint.upstream;

import dev.ambit.model.hash.HashTarget;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.traffic.Limits;
import dev.ambit.model.traffic.OutlierDetector;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.pool.Counts;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What all loops share of one cluster: counts, ejections, tables. Thread-safe. */
final class ClusterState {
  private static final int MOST_TABLES = 8;

  private final Cluster.Key key;
  private final InetAddress own;
  private final Counts counts;
  private final LongAdder ejectedEver;
  private final Map<List<HashTarget>, Object> tables = new ConcurrentHashMap<>();

  /** How many loops use it. */
  final AtomicInteger users = new AtomicInteger();

  private volatile @Nullable Cluster seen;
  private volatile Map<String, EndpointState> endpoints = Map.of();
  private volatile @Nullable Ejections ejections;

  /** The adders sum up over all clusters. */
  ClusterState(Cluster.Key key, InetAddress own, LongAdder ejectedEver, LongAdder overflowsEver) {
    this.key = key;
    this.own = own;
    this.counts = new Counts(overflowsEver);
    this.ejectedEver = ejectedEver;
  }

  Cluster.Key key() {
    return key;
  }

  Counts counts() {
    return counts;
  }

  Map<String, EndpointState> endpoints() {
    return endpoints;
  }

  /** Takes the newest cluster; what is known of endpoints that stay is kept. In its order. */
  List<EndpointState> update(Cluster cluster, long now) {
    if (seen != cluster) {
      updateNew(cluster, now);
    }
    Map<String, EndpointState> known = endpoints;
    List<EndpointState> states = new ArrayList<>(cluster.endpoints().size());
    for (Cluster.Endpoint endpoint : cluster.endpoints()) {
      EndpointState state = known.get(EndpointState.nameOf(endpoint, own));
      // Another loop may be ahead with a cluster that lacks it.
      states.add(state == null ? new EndpointState(endpoint, own, now) : state);
    }
    return states;
  }

  private synchronized void updateNew(Cluster cluster, long now) {
    Map<String, EndpointState> next = new LinkedHashMap<>();
    for (Cluster.Endpoint endpoint : cluster.endpoints()) {
      String name = EndpointState.nameOf(endpoint, own);
      EndpointState state = endpoints.get(name);
      boolean same = state != null && state.uid().equals(endpoint.workload().uid());
      next.put(name, same ? state : new EndpointState(endpoint, own, now));
    }
    endpoints = next;
    OutlierDetection settings = cluster.policy().policy().outlierDetection();
    Ejections current = ejections;
    if (settings == null) {
      current = null;
    } else if (current == null || !current.settings().equals(settings)) {
      current = new Ejections(settings, now);
    }
    if (current != null) {
      current.hosts(next.keySet());
    }
    ejections = current;
    // They may have been made by other rules.
    tables.clear();
    seen = cluster;
  }

  /** The names of endpoints that are left out. */
  Set<String> ejected(long now) {
    Ejections current = ejections;
    return current == null ? Set.of() : current.at(now);
  }

  /** 0 when the endpoint is not left out. */
  long ejectedUntil(EndpointState endpoint) {
    Ejections current = ejections;
    return current == null ? 0 : current.ejectedUntil(endpoint.name());
  }

  void answered(EndpointState endpoint, int status, long now) {
    boolean bad = status >= 500;
    if (bad) {
      endpoint.counts().failures.increment();
    }
    if (bad || endpoint.suspect()) {
      observe(endpoint, new OutlierDetector.Answered(status), bad, now);
    }
  }

  void failed(EndpointState endpoint, long now) {
    endpoint.counts().failures.increment();
    observe(endpoint, new OutlierDetector.LocalFailure(), true, now);
  }

  private void observe(
      EndpointState endpoint, OutlierDetector.Outcome outcome, boolean bad, long now) {
    Ejections current = ejections;
    if (current != null) {
      endpoint.suspect(bad);
      if (current.observe(endpoint.name(), outcome, now)) {
        ejectedEver.increment();
      }
    }
  }

  /** Counts a retry; false when there are too many. */
  boolean retrying(Limits limits) {
    long busy = counts.active.get() + counts.pending.get();
    if (counts.retries.incrementAndGet() > limits.allowedRetries(busy)) {
      counts.retries.decrementAndGet();
      counts.overflowed();
      return false;
    }
    return true;
  }

  /** A table for {@code targets}, made by the first loop that needs it. */
  Object table(List<HashTarget> targets, Function<List<HashTarget>, Object> maker) {
    Object known = tables.get(targets);
    if (known != null) {
      return known;
    }
    if (tables.size() >= MOST_TABLES) {
      tables.clear();
    }
    return tables.computeIfAbsent(targets, maker);
  }
}
