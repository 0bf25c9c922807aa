package dev.ambit.waypoint.upstream;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.upstream.link.Connector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One cluster on one loop: its balancer and its connections. Confined to the loop. */
final class LoopCluster {
  private final ClusterState state;
  private final Connector connector;
  private final Here here;
  private final RandomGenerator random;
  private final Map<EndpointState, Links> links = new HashMap<>();

  /** Those of endpoints or policies that are no more. */
  private final List<Links> leaving = new ArrayList<>();

  private @Nullable Cluster cluster;
  private List<EndpointState> endpoints = List.of();
  private Set<String> ejected = Set.of();
  private @Nullable Balancer balancer;
  private long lastUse;

  LoopCluster(ClusterState state, Connector connector, Here here, RandomGenerator random) {
    this.state = state;
    this.connector = connector;
    this.here = here;
    this.random = random;
  }

  ClusterState state() {
    return state;
  }

  long lastUse() {
    return lastUse;
  }

  /** The balancer for {@code now}; made anew only when something changed. */
  Balancer balancer(Cluster newest, long now) {
    lastUse = now;
    boolean changed = newest != cluster && !newest.equals(cluster);
    if (changed) {
      change(newest, now);
    }
    cluster = newest;
    Set<String> out = state.ejected(now);
    Balancer current = balancer;
    if (changed || current == null || out != ejected) {
      ejected = out;
      current = new Balancer(newest, Membership.of(newest, endpoints, out, here), state, random);
      balancer = current;
    }
    return current;
  }

  private void change(Cluster newest, long time) {
    endpoints = state.update(newest, time);
    boolean samePolicy = cluster != null && cluster.policy().equals(newest.policy());
    Map<EndpointState, Cluster.Endpoint> staying = new HashMap<>();
    for (int i = 0; samePolicy && i < endpoints.size(); i++) {
      staying.put(endpoints.get(i), newest.endpoints().get(i));
    }
    links
        .entrySet()
        .removeIf(entry -> {
          Cluster.Endpoint now = staying.get(entry.getKey());
          if (now != null && entry.getValue().leadsTo(now)) {
            return false;
          }
          entry.getValue().drain();
          leaving.add(entry.getValue());
          return true;
        });
  }

  Links links(Member member, Cluster of) {
    return links.computeIfAbsent(
        member.state(), _ -> new Links(member, of, state.counts(), connector));
  }

  /** Forgets connections that are no more; whether none is left. */
  boolean forgetEmpty() {
    leaving.removeIf(Links::forgetEmpty);
    links.values().removeIf(Links::forgetEmpty);
    return leaving.isEmpty() && links.isEmpty();
  }

  void close() {
    leaving.forEach(Links::close);
    links.values().forEach(Links::close);
  }
}
