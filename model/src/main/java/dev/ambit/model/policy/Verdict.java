package dev.ambit.model.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The outcome of an authorization decision. */
public sealed interface Verdict {
  /** Dry-run policies that would have decided otherwise or matched; for the log only. */
  List<DryRun> dryRuns();

  /**
   * The connection may be.
   *
   * @param by the ALLOW policy that matched; null when no ALLOW policy exists
   */
  record Allowed(@Nullable PolicyKey by, List<DryRun> dryRuns) implements Verdict {}

  /**
   * The connection must not be.
   *
   * @param by the DENY policy that matched; null when no ALLOW policy matched
   * @param reason the operator's sentence, as in the access log
   */
  record Denied(@Nullable PolicyKey by, String reason, List<DryRun> dryRuns) implements Verdict {}

  /** What a dry-run policy would have done. */
  record DryRun(PolicyKey policy, Policy.Action action, boolean matched) {}
}
