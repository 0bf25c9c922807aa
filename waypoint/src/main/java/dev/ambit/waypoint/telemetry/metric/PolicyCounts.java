package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.daemon.Metrics;
import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import dev.ambit.waypoint.telemetry.Told;
import io.micrometer.core.instrument.Counter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What policies noted that decide nothing: with AUDIT, and those of a dry run (spec:
 * l7-authorization §2). Any thread.
 */
public final class PolicyCounts {
  /** Policies come and go, and what was counted of one is kept. */
  private static final int MOST_SERIES = 2_000;

  private final Metrics metrics;
  private final Map<Noted, Counter> counters = new ConcurrentHashMap<>();

  private record Noted(PolicyKey policy, String action, String result) {}

  public PolicyCounts(Metrics metrics) {
    this.metrics = metrics;
  }

  /** Counts what was noted of an exchange or connection that has ended. */
  public void told(Told told) {
    HttpAuthorizer.Decision decision = told.decision;
    if (decision == null) {
      return;
    }
    for (PolicyKey each : decision.audited()) {
      count(new Noted(each, "audit", "matched"));
    }
    for (Verdict.DryRun each : decision.verdict().dryRuns()) {
      boolean deny = each.action() == Policy.Action.DENY;
      count(
          new Noted(
              each.policy(),
              deny ? "dry_run_deny" : "dry_run_allow",
              each.matched() == deny ? "denied" : "allowed"));
    }
  }

  private void count(Noted noted) {
    Counter known = counters.get(noted);
    if (known == null && counters.size() < MOST_SERIES) {
      known = counters.computeIfAbsent(noted, this::counter);
    }
    if (known != null) {
      known.increment();
    }
  }

  private Counter counter(Noted noted) {
    return Counter.builder("ambit_waypoint_policy_notes")
        .tag("policy", noted.policy().toString())
        .tag("action", noted.action())
        .tag("result", noted.result())
        .description("What policies noted that decide nothing: AUDIT and dry runs.")
        .register(metrics.registry());
  }
}
