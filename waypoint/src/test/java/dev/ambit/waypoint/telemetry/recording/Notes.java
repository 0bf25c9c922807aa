package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import java.util.List;

/** What policies that decide nothing noted of a request that passed. */
final class Notes {
  static final HttpAuthorizer.Decision DECISION =
      new HttpAuthorizer.Decision(
          new Verdict.Allowed(
              null,
              List.of(
                  new Verdict.DryRun(key("c"), Policy.Action.ALLOW, false),
                  new Verdict.DryRun(key("d"), Policy.Action.DENY, true))),
          List.of(key("a"), key("b")));

  private Notes() {}

  private static PolicyKey key(String name) {
    return new PolicyKey("demo", name);
  }
}
