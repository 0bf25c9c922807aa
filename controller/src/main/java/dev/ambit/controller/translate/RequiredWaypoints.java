package dev.ambit.controller.translate;

import dev.ambit.controller.source.NamespaceObjects;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.waypoint.Waypoint;
import dev.ambit.model.waypoint.WaypointBinder;
import dev.ambit.model.waypoint.WaypointBinder.Kind;
import dev.ambit.model.workload.GatewayAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Closes the way past waypoints where {@code REQUIRE_WAYPOINT} asks for it (threat-model D9): a pod
 * that has a waypoint, of its own or of one of its services, takes connections from instances of
 * its waypoints only. A DENY policy does that, so that no ALLOW policy opens the way again. Pure.
 */
final class RequiredWaypoints {
  private static final String PREFIX = "ambit_require_waypoint_";

  private RequiredWaypoints() {}

  /**
   * The waypoints that stand for a pod; empty when there are none and anybody may come.
   *
   * @param services that the pod is behind
   */
  static Set<String> of(
      Metadata pod,
      Collection<KubernetesService> services,
      NamespaceObjects around,
      WaypointSet waypoints) {
    Set<String> found = new TreeSet<>();
    add(waypoints.bind(Kind.WORKLOAD, pod, around), waypoints, found);
    for (KubernetesService service : services) {
      add(waypoints.bind(Kind.SERVICE, service.metadata(), around), waypoints, found);
    }
    return found;
  }

  private static void add(
      WaypointBinder.Binding binding, WaypointSet waypoints, Set<String> found) {
    if (binding instanceof WaypointBinder.Bound bound) {
      found.add(bound.waypoint().toString());
      bound.shares().forEach(share -> found.addAll(named(share.destination(), waypoints)));
    }
  }

  private static List<String> named(GatewayAddress address, WaypointSet waypoints) {
    return waypoints.byName().values().stream()
        .filter(each -> address.equals(each.address()))
        .map(Waypoint::toString)
        .toList();
  }

  /** The policy of pods in {@code namespace} that have exactly these waypoints. */
  static PolicyKey key(String namespace, Set<String> names) {
    return new PolicyKey(namespace, PREFIX + String.join("_", names).replace('/', '_'));
  }

  static Policy policy(
      String namespace, Set<String> names, WaypointSet waypoints, String trustDomain) {
    List<StringMatch> instances = new ArrayList<>();
    for (String name : names) {
      String home = name.substring(0, name.indexOf('/'));
      for (String account : waypoints.accountsOf(name)) {
        instances.add(new StringMatch.Exact(trustDomain + "/ns/" + home + "/sa/" + account));
      }
    }
    // Without an instance nobody is one: a rule without clauses matches every connection.
    List<Clause> clauses =
        instances.isEmpty()
            ? List.of()
            : List.of(new Clause(List.of(neither(List.copyOf(instances)))));
    return new Policy(
        key(namespace, names),
        Policy.Scope.WORKLOAD_SELECTOR,
        Policy.Action.DENY,
        List.of(new Rule(clauses)),
        false);
  }

  private static Match neither(List<StringMatch> principals) {
    Match empty = Match.EMPTY;
    return new Match(
        empty.namespaces(),
        empty.notNamespaces(),
        empty.principals(),
        principals,
        empty.sourceIps(),
        empty.notSourceIps(),
        empty.destinationIps(),
        empty.notDestinationIps(),
        empty.destinationPorts(),
        empty.notDestinationPorts(),
        empty.serviceAccounts(),
        empty.notServiceAccounts());
  }
}
