package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RouteEntry;

/** What routes are called in logs, and what depends on their kind. */
final class RouteNames {
  private RouteNames() {}

  /**
   * The name of the rule, or {@code namespace.route.index} when it has none (spec: l7-telemetry
   * §3).
   */
  static String of(RouteEntry entry) {
    String rule = entry.rule();
    boolean isIndex = !rule.isEmpty() && rule.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!isIndex || entry.route().isEmpty()) {
      return rule;
    }
    String object = entry.route().substring(entry.route().indexOf(' ') + 1);
    return object.replace('/', '.') + "." + rule;
  }

  /** A route of the Gateway API to nowhere is 500, any other 503 (spec: http-routing §5). */
  static Reply unknownCluster(RouteEntry entry) {
    boolean gatewayApi =
        entry.route().startsWith("HTTPRoute ") || entry.route().startsWith("GRPCRoute ");
    LocalReply unknown = LocalReply.UNKNOWN_CLUSTER;
    return gatewayApi
        ? Reply.of(500, unknown.flag(), Details.NO_CLUSTER, "")
        : Reply.of(unknown, Details.NO_CLUSTER);
  }
}
