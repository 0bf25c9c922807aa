package dev.ambit.waypoint.upstream;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.object.TrafficPolicy.ConsistentHash;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.traffic.Limits;
import dev.ambit.model.traffic.RequestHash;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.link.Connector;
import dev.ambit.waypoint.upstream.pool.Counts;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** The upstreams of one loop. Confined to it. */
final class LoopUpstreams implements Upstreams {
  private static final long TIDY_SECONDS = 30;
  private static final int MOST_CLUSTERS = 20_000;
  private static final long FORGET_NANOS = Duration.ofMinutes(10).toNanos();

  private final UpstreamGroup group;
  private final Connector connector;
  private final LongSupplier nanos;
  private final RandomGenerator random;
  private final Map<Cluster.Key, LoopCluster> clusters = new HashMap<>();
  private final Future<?> tidying;

  LoopUpstreams(
      UpstreamGroup group, Connector connector, LongSupplier nanos, RandomGenerator random) {
    this.group = group;
    this.connector = connector;
    this.nanos = nanos;
    this.random = random;
    this.tidying =
        connector
            .loop()
            .scheduleAtFixedRate(this::tidy, TIDY_SECONDS, TIDY_SECONDS, TimeUnit.SECONDS);
  }

  private LoopCluster at(Cluster cluster) {
    assert connector.loop().inEventLoop() : "chosen off its loop";
    return clusters.computeIfAbsent(
        cluster.key(), key -> new LoopCluster(group.state(key), connector, group.here(), random));
  }

  @Override
  public Choice choose(Cluster cluster, Call call) {
    if (clusters.size() >= MOST_CLUSTERS && !clusters.containsKey(cluster.key())) {
      return new Unable(LocalReply.OVERFLOW, MOST_CLUSTERS + " clusters are already in use");
    }
    LoopCluster at = at(cluster);
    long now = nanos.getAsLong();
    Balancer balancer = at.balancer(cluster, now);
    RequestHash hash = hash(cluster, call);
    Member member = call.tried().contains(call.preferred()) ? null : balancer.of(call.preferred());
    if (member == null) {
      member = balancer.pick(hash.hash(), call.tried(), call.local(), now);
    }
    if (member == null) {
      return new Unable(LocalReply.NO_HEALTHY_ENDPOINT, whyNobody(cluster, balancer));
    }
    Limits limits = cluster.policy().limits();
    Counts counts = at.state().counts();
    boolean http = call.request() != null;
    if (http && counts.active.incrementAndGet() > limits.maxRequests()) {
      counts.active.decrementAndGet();
      counts.overflowed();
      return new Unable(
          LocalReply.OVERFLOW, limits.maxRequests() + " requests are already under way");
    }
    if (!http && counts.connections.get() >= limits.maxConnections()) {
      counts.overflowed();
      return new Unable(
          LocalReply.OVERFLOW, limits.maxConnections() + " connections are already open");
    }
    counts.total.increment();
    return new Selection(
        at.state(),
        member,
        at.links(member, cluster),
        new Selection.Asked(cluster, call, hash),
        nanos);
  }

  private RequestHash hash(Cluster cluster, Call call) {
    LoadBalancer balancer = cluster.policy().policy().loadBalancer();
    ConsistentHash hash = balancer == null ? null : balancer.hash();
    var request = call.request();
    var connection = call.connection();
    if (hash == null || request == null || connection == null) {
      return new RequestHash(OptionalLong.empty(), "");
    }
    return RequestHash.of(hash.key(), request, connection);
  }

  private String whyNobody(Cluster cluster, Balancer balancer) {
    if (cluster.endpoints().isEmpty()) {
      return "no endpoints";
    }
    boolean remote =
        cluster.endpoints().stream()
            .noneMatch(each -> Membership.isReachable(each.workload(), group.here()));
    if (remote) {
      return "all endpoints are behind network gateways or without address; this waypoint speaks to"
          + " none of them";
    }
    return balancer.members().isEmpty()
        ? "no endpoint has any weight here"
        : "no healthy endpoint among " + balancer.members().size();
  }

  @Override
  public boolean retrying(Cluster cluster) {
    return at(cluster).state().retrying(cluster.policy().limits());
  }

  @Override
  public void retried(Cluster cluster) {
    at(cluster).state().counts().retries.decrementAndGet();
  }

  /** Forgets clusters that nobody asked for in a while. */
  private void tidy() {
    long now = nanos.getAsLong();
    clusters
        .values()
        .removeIf(cluster -> {
          boolean empty = cluster.forgetEmpty();
          boolean unused = empty && now - cluster.lastUse() > FORGET_NANOS;
          if (unused) {
            group.released(cluster.state());
          }
          return unused;
        });
  }

  void close() {
    tidying.cancel(false);
    clusters.values().forEach(LoopCluster::close);
  }
}
