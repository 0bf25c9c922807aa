package dev.ambit.waypoint.telemetry.log;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.waypoint.telemetry.Told;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What policies noted that decide nothing, for a line (spec: l7-authorization §2). */
final class PolicyNotes {
  private PolicyNotes() {}

  /** The policies with AUDIT that matched, separated by commas. */
  static String audited(Told told) {
    HttpAuthorizer.Decision decision = told.decision;
    return decision == null || decision.audited().isEmpty()
        ? ""
        : decision.audited().stream().map(PolicyKey::toString).collect(Collectors.joining(","));
  }

  /**
   * What the policies of a dry run would have done: {@code denied by demo/p} of DENY before ALLOW,
   * else {@code denied}, when there are some with ALLOW and none matched, or {@code allowed}.
   */
  static String dryRun(Told told) {
    HttpAuthorizer.Decision decision = told.decision;
    if (decision == null || decision.verdict().dryRuns().isEmpty()) {
      return "";
    }
    List<Verdict.DryRun> allowing = new ArrayList<>();
    for (Verdict.DryRun each : decision.verdict().dryRuns()) {
      if (each.action() == Policy.Action.ALLOW) {
        allowing.add(each);
      } else if (each.matched()) {
        return "denied by " + each.policy();
      }
    }
    return allowing.isEmpty() || allowing.stream().anyMatch(Verdict.DryRun::matched)
        ? "allowed"
        : "denied";
  }
}
