package dev.ambit.waypoint.upstream;

import dev.ambit.model.object.TrafficPolicy.LoadBalancer;
import dev.ambit.model.object.TrafficPolicy.LocalityBalancing;
import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.traffic.LocalityPriorities;
import dev.ambit.model.traffic.LocalityPriorities.Place;
import dev.ambit.model.traffic.LocalityPriorities.Placed;
import dev.ambit.model.workload.Locality;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.config.Cluster;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which endpoints of a cluster take part, and how (spec: traffic-policy §2, §6). */
final class Membership {
  private Membership() {}

  /**
   * @param states of the endpoints, in their order
   */
  static List<Member> of(
      Cluster cluster, List<EndpointState> states, Set<String> ejected, Here here) {
    List<Placed> placed = placed(cluster, here);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < states.size(); i++) {
      Cluster.Endpoint endpoint = cluster.endpoints().get(i);
      EndpointState state = states.get(i);
      Placed as = placed.get(i);
      state.placed(as.priority(), as.weight(), endpoint.healthy());
      if (as.priority() >= 0 && as.weight() > 0 && isReachable(endpoint.workload(), here)) {
        boolean usable = endpoint.healthy() && !ejected.contains(state.name());
        members.add(new Member(endpoint, state, as.priority(), as.weight(), usable));
      }
    }
    return compacted(members);
  }

  /** Priorities without holes: one that nobody is left in would count as one that failed. */
  private static List<Member> compacted(List<Member> members) {
    List<Integer> used = members.stream().map(Member::priority).distinct().sorted().toList();
    return members.stream()
        .map(each ->
            new Member(
                each.endpoint(),
                each.state(),
                used.indexOf(each.priority()),
                each.weight(),
                each.usable()))
        .toList();
  }

  /** Behind a network gateway is only who speaks two tunnels, which this waypoint does not. */
  static boolean isReachable(Workload workload, Here here) {
    boolean remote =
        !workload.network().isEmpty()
            && !here.network().isEmpty()
            && !workload.network().equals(here.network());
    boolean named = !workload.addresses().isEmpty() || !workload.hostname().isEmpty();
    return !remote && named;
  }

  private static List<Placed> placed(Cluster cluster, Here here) {
    LoadBalancer balancer = cluster.policy().policy().loadBalancer();
    OutlierDetection outliers = cluster.policy().policy().outlierDetection();
    LocalityBalancing setting = LocalityPriorities.DEFAULT;
    boolean forced = false;
    if (balancer != null && balancer.locality() != null) {
      setting = balancer.locality();
    } else {
      LocalityBalancing distribution =
          LocalityPriorities.ofTrafficDistribution(cluster.trafficDistribution());
      if (distribution.enabled()) {
        setting = distribution;
        forced = true;
      }
    }
    Place own = new Place(here.locality(), labels(here.locality(), here.network(), here.node()), 1);
    List<Place> places = new ArrayList<>();
    for (Cluster.Endpoint endpoint : cluster.endpoints()) {
      Workload workload = endpoint.workload();
      places.add(
          new Place(workload.locality(), labels(endpoint.labels(), workload), workload.capacity()));
    }
    return LocalityPriorities.of(setting, forced || outliers != null, own, places);
  }

  private static Map<String, String> labels(Map<String, String> own, Workload workload) {
    Map<String, String> labels = new HashMap<>(own);
    labels.putAll(labels(workload.locality(), workload.network(), workload.node()));
    return labels;
  }

  private static Map<String, String> labels(Locality locality, String network, String node) {
    Map<String, String> labels = new HashMap<>();
    labels.put("topology.istio.io/network", network);
    labels.put("topology.kubernetes.io/region", locality.region());
    labels.put("topology.kubernetes.io/zone", locality.zone());
    labels.put("topology.istio.io/subzone", locality.subzone());
    labels.put("kubernetes.io/hostname", node);
    return labels;
  }
}
