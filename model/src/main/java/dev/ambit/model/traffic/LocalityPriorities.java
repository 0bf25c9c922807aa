package dev.ambit.model.traffic;

import dev.ambit.model.object.TrafficPolicy.Distribute;
import dev.ambit.model.object.TrafficPolicy.LocalityBalancing;
import dev.ambit.model.workload.Locality;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Which endpoints are preferred by where they are (spec: traffic-policy §6). */
public final class LocalityPriorities {
  /** What a service without settings has: failover by region, zone and subzone. */
  public static final LocalityBalancing DEFAULT =
      new LocalityBalancing(true, List.of(), Map.of(), List.of());

  private static final String NETWORK = "topology.istio.io/network";
  private static final String REGION = "topology.kubernetes.io/region";
  private static final String ZONE = "topology.kubernetes.io/zone";
  private static final String SUBZONE = "topology.istio.io/subzone";
  private static final String HOSTNAME = "kubernetes.io/hostname";
  private static final int REGION_RANKS = 5;

  private LocalityPriorities() {}

  /**
   * Where something is.
   *
   * @param labels of the workload, with those of its place: network, region, zone, hostname
   * @param weight as an endpoint
   */
  public record Place(Locality locality, Map<String, String> labels, double weight) {
    public Place {
      labels = Map.copyOf(labels);
    }
  }

  /**
   * How an endpoint takes part.
   *
   * @param priority 0 is most wanted; -1 leaves it out
   */
  public record Placed(int priority, double weight) {}

  /** The setting that {@code trafficDistribution} of a service means; null settings for none. */
  public static LocalityBalancing ofTrafficDistribution(String value) {
    List<String> labels =
        switch (value) {
          case "PreferClose", "PreferSameZone" -> List.of(NETWORK, REGION, ZONE);
          case "PreferSameNode" -> List.of(NETWORK, REGION, ZONE, SUBZONE, HOSTNAME);
          default -> List.of();
        };
    return new LocalityBalancing(!labels.isEmpty(), List.of(), Map.of(), labels);
  }

  /**
   * Places each endpoint, in their order.
   *
   * @param failover whether endpoints are ejected when they fail, or the setting forces it; without
   *     it only {@code distribute} counts
   */
  public static List<Placed> of(
      LocalityBalancing setting, boolean failover, Place own, List<Place> endpoints) {
    if (setting.enabled()) {
      for (Distribute distribute : setting.distribute()) {
        if (covers(distribute.from(), own.locality())) {
          return distributed(distribute, endpoints);
        }
      }
    }
    if (!setting.enabled() || !failover || !setting.distribute().isEmpty()) {
      return endpoints.stream().map(each -> new Placed(0, each.weight())).toList();
    }
    List<Integer> ranks = new ArrayList<>();
    boolean byLabels = !setting.failoverPriority().isEmpty();
    for (Place endpoint : endpoints) {
      int byRegion = regionRank(setting.failover(), own.locality(), endpoint.locality());
      int rank = byRegion;
      if (byLabels) {
        int mismatches = labelRank(setting.failoverPriority(), own, endpoint);
        rank = setting.failover().isEmpty() ? mismatches : mismatches * REGION_RANKS + byRegion;
      }
      ranks.add(rank);
    }
    List<Integer> used = List.copyOf(new TreeSet<>(ranks));
    List<Placed> placed = new ArrayList<>();
    for (int i = 0; i < endpoints.size(); i++) {
      placed.add(new Placed(used.indexOf(ranks.get(i)), endpoints.get(i).weight()));
    }
    return placed;
  }

  private static int regionRank(Map<String, String> failover, Locality own, Locality other) {
    boolean region = own.region().equals(other.region());
    boolean zone = region && own.zone().equals(other.zone());
    if (zone && own.subzone().equals(other.subzone())) {
      return 0;
    } else if (zone) {
      return 1;
    } else if (region) {
      return 2;
    }
    String next = failover.get(own.region());
    return next == null || next.equals(other.region()) ? 3 : 4;
  }

  /** How many labels are left from the first that differs. */
  private static int labelRank(List<String> labels, Place own, Place endpoint) {
    int extra = 0;
    for (int i = 0; i < labels.size(); i++) {
      String label = labels.get(i);
      int equals = label.indexOf('=');
      String key = equals < 0 ? label : label.substring(0, equals);
      String wanted = equals < 0 ? own.labels().getOrDefault(key, "") : label.substring(equals + 1);
      if (!endpoint.labels().getOrDefault(key, "").equals(wanted)) {
        if (i == 0 && key.equals(NETWORK)) {
          extra = labels.size();
          continue;
        }
        return labels.size() - i + extra;
      }
    }
    return extra;
  }

  private static List<Placed> distributed(Distribute distribute, List<Place> endpoints) {
    List<String> patterns =
        distribute.to().keySet().stream()
            .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(each -> each))
            .toList();
    int[] chosen = new int[endpoints.size()];
    double[] sums = new double[patterns.size()];
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = -1;
      for (int j = 0; j < patterns.size() && chosen[i] < 0; j++) {
        if (covers(patterns.get(j), endpoints.get(i).locality())) {
          chosen[i] = j;
          sums[j] += endpoints.get(i).weight();
        }
      }
    }
    List<Placed> placed = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      int share = chosen[i] < 0 ? 0 : distribute.to().getOrDefault(patterns.get(chosen[i]), 0);
      placed.add(
          share == 0
              ? new Placed(-1, 0)
              : new Placed(0, share * endpoints.get(i).weight() / sums[chosen[i]]));
    }
    return placed;
  }

  /** Whether {@code region/zone/subzone}, with stars and perhaps cut short, covers a locality. */
  private static boolean covers(String pattern, Locality locality) {
    if (pattern.equals("*")) {
      return true;
    }
    String[] parts = pattern.split("/", -1);
    String[] own = {locality.region(), locality.zone(), locality.subzone()};
    for (int i = 0; i < parts.length; i++) {
      if (i >= own.length || !(parts[i].equals("*") || parts[i].equals(own[i]))) {
        return false;
      }
    }
    return true;
  }
}
