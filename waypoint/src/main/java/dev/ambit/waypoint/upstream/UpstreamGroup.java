package dev.ambit.waypoint.upstream;

import dev.ambit.daemon.Metrics;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.UpstreamRow.EndpointRow;
import dev.ambit.waypoint.upstream.link.BackendTls;
import dev.ambit.waypoint.upstream.link.Connector;
import dev.ambit.waypoint.upstream.link.Names;
import dev.ambit.waypoint.upstream.pool.Counts;
import io.netty.channel.EventLoop;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * All upstreams of the process: those of each loop, and what they share (spec: traffic-policy).
 * Thread-safe.
 */
public final class UpstreamGroup implements AutoCloseable {
  /**
   * What connections are made with.
   *
   * @param tunnelPort where the proxies of endpoints listen, 15008 but in tests
   */
  public record Means(
      Sockets sockets, TunnelPool.Identities identities, HboneSettings hbone, int tunnelPort) {
    private static final int TUNNEL_PORT = 15_008;

    public Means(Sockets sockets, TunnelPool.Identities identities, HboneSettings hbone) {
      this(sockets, identities, hbone, TUNNEL_PORT);
    }
  }

  /**
   * What is not the same twice.
   *
   * @param nanos a monotonic clock
   */
  public record Chance(InstantSource clock, LongSupplier nanos, RandomGenerator random) {
    /** As in production; each loop draws from a generator of its own thread. */
    public static Chance real() {
      return new Chance(
          InstantSource.system(),
          System::nanoTime,
          () -> java.util.concurrent.ThreadLocalRandom.current().nextLong());
    }
  }

  private final Means means;
  private final Here here;
  private final Chance chance;
  private final BackendTls tls;
  private final Names names;
  private final LongAdder ejected = new LongAdder();
  private final LongAdder overflows = new LongAdder();
  private final Map<Cluster.Key, ClusterState> states = new ConcurrentHashMap<>();
  private final Map<EventLoop, OfLoop> loops = new ConcurrentHashMap<>();

  /** What one loop has. */
  private record OfLoop(LoopUpstreams upstreams, TunnelPool tunnels) {}

  public UpstreamGroup(Means means, Here here, Chance chance) {
    this.means = means;
    this.here = here;
    this.chance = chance;
    this.tls = new BackendTls(chance.clock());
    this.names = new Names(chance.clock());
  }

  Here here() {
    return here;
  }

  /** The upstreams of {@code loop}; to be called on it. */
  public Upstreams of(EventLoop loop) {
    OfLoop known = loops.get(loop);
    return (known != null ? known : loops.computeIfAbsent(loop, this::open)).upstreams();
  }

  private OfLoop open(EventLoop loop) {
    TunnelPool tunnels =
        new TunnelPool(loop, means.sockets(), means.identities(), means.hbone(), chance.clock());
    Connector connector =
        new Connector(
            new Connector.Ways(loop, means.sockets(), tunnels),
            tls,
            names,
            new Connector.Self(here.identity(), here.address(), means.tunnelPort()));
    return new OfLoop(new LoopUpstreams(this, connector, chance.nanos(), chance.random()), tunnels);
  }

  /** The state of a cluster, held by one loop more. */
  ClusterState state(Cluster.Key key) {
    return java.util.Objects.requireNonNull(
        states.compute(
            key,
            (_, known) -> {
              ClusterState state =
                  known == null ? new ClusterState(key, here.address(), ejected, overflows) : known;
              state.users.incrementAndGet();
              return state;
            }));
  }

  /** One loop does not use it any more. */
  void released(ClusterState state) {
    states.compute(
        state.key(),
        (_, known) -> known == state && state.users.decrementAndGet() == 0 ? null : known);
  }

  /** How many endpoints were ever ejected. */
  public long ejections() {
    return ejected.sum();
  }

  /** How often a limit forbade something. */
  public long overflows() {
    return overflows.sum();
  }

  /** How many endpoints of a cluster are left out. */
  long ejected(ClusterState state) {
    return state.ejected(chance.nanos().getAsLong()).size();
  }

  /** Shows sums of everything at each scrape; once. */
  public void show(Metrics metrics) {
    UpstreamMetrics.show(metrics.registry(), this, states::values);
  }

  /** Every cluster that was called lately, by name. */
  public List<UpstreamRow> rows() {
    long now = chance.nanos().getAsLong();
    List<UpstreamRow> rows = new ArrayList<>();
    for (ClusterState state : states.values()) {
      rows.add(row(state, now));
    }
    rows.sort(Comparator.comparing(row -> row.cluster().name()));
    return rows;
  }

  private static UpstreamRow row(ClusterState state, long now) {
    state.ejected(now);
    List<EndpointRow> endpoints = new ArrayList<>();
    for (EndpointState each : state.endpoints().values()) {
      Counts counts = each.counts();
      long until = state.ejectedUntil(each);
      endpoints.add(
          new EndpointRow(
              each.uid(),
              each.workload(),
              each.name(),
              each.healthy(),
              counts.connections.get(),
              counts.active.get(),
              counts.total.sum(),
              counts.failures.sum(),
              counts.connectFailures.sum(),
              until == 0 ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(until - now)),
              each.weight(),
              each.priority()));
    }
    Counts counts = state.counts();
    return new UpstreamRow(
        state.key(),
        counts.connections.get(),
        counts.pending.get(),
        counts.active.get(),
        counts.retries.get(),
        counts.total.sum(),
        counts.overflows.sum(),
        endpoints);
  }

  /** The tunnels of all loops. Asks each loop, so never call it on one. */
  public List<TunnelPool.Row> tunnels() {
    List<TunnelPool.Row> rows = new ArrayList<>();
    loops.forEach((loop, of) -> {
      List<TunnelPool.Row> some =
          loop.submit(() -> of.tunnels().rows()).awaitUninterruptibly().getNow();
      if (some != null) {
        rows.addAll(some);
      }
    });
    return rows;
  }

  /** Closes every connection; requests under way break. */
  @Override
  public void close() {
    loops.forEach((loop, of) ->
        loop.execute(() -> {
          of.upstreams().close();
          of.tunnels().stop();
        }));
    loops.clear();
    names.close();
  }
}
