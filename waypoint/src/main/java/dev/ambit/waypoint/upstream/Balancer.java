package dev.ambit.waypoint.upstream;

import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.traffic.PriorityLoad;
import dev.ambit.model.traffic.PriorityLoad.Health;
import dev.ambit.waypoint.config.Cluster;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Picks endpoints of one cluster on one loop (spec: traffic-policy §3). Made anew when endpoints,
 * policy or ejections change.
 */
final class Balancer {
  private final List<Member> members;
  private final List<Tier> tiers = new ArrayList<>();
  private final PriorityLoad load;
  private final @Nullable LoadBalancer settings;
  private final RandomGenerator random;

  Balancer(Cluster cluster, List<Member> members, ClusterState state, RandomGenerator random) {
    this.members = members;
    this.settings = cluster.policy().policy().loadBalancer();
    this.random = random;
    int priorities = members.stream().mapToInt(Member::priority).max().orElse(-1) + 1;
    List<Health> healths = new ArrayList<>();
    for (int i = 0; i < priorities; i++) {
      int priority = i;
      List<Member> all = members.stream().filter(m -> m.priority() == priority).toList();
      int usable = (int) all.stream().filter(Member::usable).count();
      healths.add(new Health(usable, all.size()));
    }
    OutlierDetection outliers = cluster.policy().policy().outlierDetection();
    this.load = PriorityLoad.of(healths, outliers == null ? 0 : outliers.minHealthPercent());
    for (int i = 0; i < priorities; i++) {
      int priority = i;
      boolean panic = load.panic().get(i);
      List<Member> chosen =
          members.stream().filter(m -> m.priority() == priority && (panic || m.usable())).toList();
      tiers.add(new Tier(chosen, settings, state, random));
    }
  }

  List<Member> members() {
    return members;
  }

  /** The endpoint with {@code uid}; null when it cannot be used. */
  @Nullable Member of(String uid) {
    for (Member member : uid.isEmpty() ? List.<Member>of() : members) {
      if (member.usable() && member.state().uid().equals(uid)) {
        return member;
      }
    }
    return null;
  }

  /**
   * One endpoint; null when nobody can be used.
   *
   * @param hash picks by it when the policy hashes
   * @param tried uids that are passed over while others are left
   * @param now in nanoseconds
   */
  @Nullable Member pick(OptionalLong hash, Set<String> tried, InetSocketAddress asked, long now) {
    int priority = load.draw(random);
    if (priority < 0) {
      return null;
    }
    if (settings != null
        && settings.hash() == null
        && settings.algorithm() == Algorithm.PASSTHROUGH) {
      Member original = original(asked);
      if (original != null) {
        return original;
      }
    }
    Member picked = tiers.get(priority).pick(hash, tried, now);
    if (picked != null && tried.contains(picked.state().uid()) && hash.isEmpty()) {
      // Everybody of this priority was tried: perhaps there are others.
      for (Tier tier : tiers) {
        Member other = tier.pick(hash, tried, now);
        if (other != null && !tried.contains(other.state().uid())) {
          return other;
        }
      }
    }
    return picked;
  }

  /** The endpoint that was called by its own address. */
  private @Nullable Member original(InetSocketAddress asked) {
    for (Member member : members) {
      if (member.state().address().equals(asked)) {
        return member;
      }
    }
    return null;
  }
}
