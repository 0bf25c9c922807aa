package dev.ambit.waypoint.upstream;

import dev.ambit.model.balance.LeastRequest;
import dev.ambit.model.balance.RoundRobin;
import dev.ambit.model.hash.HashRing;
import dev.ambit.model.hash.HashTarget;
import dev.ambit.model.hash.MaglevTable;
import dev.ambit.model.object.TrafficPolicy.Algorithm;
import dev.ambit.model.object.TrafficPolicy.ConsistentHash;
import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.traffic.SlowStart;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The endpoints of one priority that may be picked. Confined to one loop. */
final class Tier {
  /** How often another is drawn before the first that was not tried is taken. */
  private static final int DRAWS = 5;

  private static final int DEFAULT_RING = 1_024;
  private static final int MOST_RING = 8 * 1024 * 1024;
  private static final double WEIGHT_STEPS = 100;

  private final Member[] members;
  private final int[] all;
  private final Algorithm algorithm;
  private final @Nullable ConsistentHash hash;
  private final @Nullable SlowStart slowStart;
  private final @Nullable Object table;
  private final double[] sums;
  private final boolean equalWeights;
  private final RoundRobin turns;
  private final RandomGenerator random;
  private final long warmUntil;
  private long now;

  Tier(
      List<Member> chosen,
      @Nullable LoadBalancer settings,
      ClusterState state,
      RandomGenerator random) {
    this.members = chosen.toArray(Member[]::new);
    this.random = random;
    this.algorithm = settings == null ? Algorithm.LEAST_REQUEST : settings.algorithm();
    this.hash = settings == null ? null : settings.hash();
    this.slowStart =
        settings == null || settings.warmup() == null ? null : SlowStart.of(settings.warmup());
    this.all = new int[members.length];
    this.sums = new double[members.length];
    double sum = 0;
    boolean equal = true;
    long latest = Long.MIN_VALUE;
    for (int i = 0; i < members.length; i++) {
      all[i] = i;
      sum += members[i].weight();
      sums[i] = sum;
      equal &= members[i].weight() == members[0].weight();
      latest = i == 0 ? members[0].state().since() : later(latest, members[i].state().since());
    }
    this.equalWeights = equal;
    this.now = latest;
    this.warmUntil = slowStart == null ? latest : latest + slowStart.window().toNanos();
    this.turns = new RoundRobin(members.length, this::weightNow, random);
    this.table =
        hash == null || members.length == 0 ? null : state.table(targets(), t -> table(hash, t));
  }

  private static long later(long one, long other) {
    return one - other >= 0 ? one : other;
  }

  private List<HashTarget> targets() {
    double least = Double.MAX_VALUE;
    boolean whole = true;
    for (Member member : members) {
      least = Math.min(least, member.weight());
      whole &= member.weight() == Math.rint(member.weight());
    }
    double scale = whole ? 1 : WEIGHT_STEPS / least;
    return Arrays.stream(members)
        .map(member ->
            new HashTarget(
                member.state().name(), (int) Math.max(1, Math.rint(member.weight() * scale))))
        .toList();
  }

  private static Object table(ConsistentHash hash, List<HashTarget> targets) {
    int ring = hash.minimumRingSize() > 0 ? hash.minimumRingSize() : DEFAULT_RING;
    return hash.maglevTableSize() > 0
        ? MaglevTable.of(targets, hash.maglevTableSize())
        : HashRing.of(targets, Math.min(ring, MOST_RING), MOST_RING);
  }

  @Nullable Member pick(OptionalLong by, Set<String> tried, long at) {
    if (members.length == 0) {
      return null;
    }
    now = at;
    if (hash != null) {
      // A hash that leads elsewhere after a failure would be no hash.
      return members[by.isPresent() ? find(by.getAsLong()) : random.nextInt(members.length)];
    }
    int index = tried.isEmpty() ? draw(tried) : drawUntried(tried);
    return members[index];
  }

  private int find(long value) {
    return switch (table) {
      case HashRing ring -> ring.find(value, 0);
      case MaglevTable maglev -> maglev.find(value, 0);
      case null, default -> 0;
    };
  }

  private int draw(Set<String> tried) {
    return switch (algorithm) {
      case ROUND_ROBIN -> turns.next(i -> !isTried(tried, i));
      case RANDOM, PASSTHROUGH -> byWeight();
      case LEAST_REQUEST ->
          equalWeights && now - warmUntil >= 0
              ? LeastRequest.choose(all, i -> members[i].state().counts().active.get(), random)
              : turns.next(i -> !isTried(tried, i));
    };
  }

  private int drawUntried(Set<String> tried) {
    int index = -1;
    for (int i = 0; i < DRAWS; i++) {
      index = draw(tried);
      if (index >= 0 && !isTried(tried, index)) {
        return index;
      }
    }
    int start = random.nextInt(members.length);
    for (int i = 0; i < members.length; i++) {
      int other = (start + i) % members.length;
      if (!isTried(tried, other)) {
        return other;
      }
    }
    return index < 0 ? start : index;
  }

  private boolean isTried(Set<String> tried, int index) {
    return tried.contains(members[index].state().uid());
  }

  private int byWeight() {
    double drawn = random.nextDouble() * sums[sums.length - 1];
    int place = Arrays.binarySearch(sums, drawn);
    // A sum that was hit exactly belongs to the next one.
    int index = place >= 0 ? place + 1 : -place - 1;
    return Math.min(index, sums.length - 1);
  }

  /** The weight of a turn: less while an endpoint warms up, and while it is busy. */
  private double weightNow(int index) {
    EndpointState state = members[index].state();
    double weight = members[index].weight();
    if (slowStart != null) {
      weight *= slowStart.factor(Duration.ofNanos(now - state.since()));
    }
    return algorithm == Algorithm.LEAST_REQUEST
        ? weight / (state.counts().active.get() + 1.0)
        : weight;
  }
}
