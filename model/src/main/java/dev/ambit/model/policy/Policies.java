package dev.ambit.model.policy;

import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The policies of one state of the mesh, as {@link Authorizer} reads them. Immutable. */
public interface Policies {
  Optional<Policy> policy(PolicyKey key);

  Collection<Policy> policies();

  /** Those of the whole mesh, in the order of names. */
  List<Compiled> globalPolicies();

  /** Those of everything in {@code namespace}, in the order of names. */
  List<Compiled> policiesOf(String namespace);

  /** The policy named {@code namespace/name}, or null. */
  @Nullable Compiled policyNamed(String name);

  /**
   * A policy in the shape decisions read fast: hashed names, sorted ports and address ranges, ready
   * verdicts. A match allocates nothing. Immutable; any thread.
   */
  final class Compiled {
    private final Policy policy;
    private final String name;
    private final CompiledMatch[][][] rules;
    private final Verdict allowed;
    private final Verdict denied;

    private Compiled(Policy policy, CompiledMatch[][][] rules) {
      this.policy = policy;
      this.name = policy.key().toString();
      this.rules = rules;
      this.allowed = new Verdict.Allowed(policy.key(), List.of());
      this.denied = new Verdict.Denied(policy.key(), "explicitly denied by: " + name, List.of());
    }

    public static Compiled of(Policy policy) {
      return new Compiled(
          policy,
          policy.rules().stream().map(Compiled::compiled).toArray(CompiledMatch[][][]::new));
    }

    private static CompiledMatch[][] compiled(Rule rule) {
      return rule.clauses().stream().map(Compiled::compiled).toArray(CompiledMatch[][]::new);
    }

    private static CompiledMatch[] compiled(Clause clause) {
      // A match that asks nothing is skipped: it does not match (spec: l4-authorization §3.2). A
      // clause of only such matches must stay false, so the array keeps a null-free stand-in.
      CompiledMatch[] matches =
          clause.matches().stream()
              .filter(match -> !match.equals(Match.EMPTY))
              .map(CompiledMatch::of)
              .toArray(CompiledMatch[]::new);
      boolean onlyEmpty = matches.length == 0 && !clause.matches().isEmpty();
      return onlyEmpty ? new CompiledMatch[] {CompiledMatch.NEVER} : matches;
    }

    public Policy policy() {
      return policy;
    }

    /** {@code namespace/name}. */
    public String name() {
      return name;
    }

    boolean isEnforced(Policy.Action action) {
      return policy.action() == action && !policy.dryRun();
    }

    boolean isDryRun(Policy.Action action) {
      return policy.action() == action && policy.dryRun();
    }

    Verdict allowed() {
      return allowed;
    }

    Verdict denied() {
      return denied;
    }

    boolean matches(Subject subject) {
      for (CompiledMatch[][] rule : rules) {
        if (everyClause(rule, subject)) {
          return true;
        }
      }
      return false;
    }

    private static boolean everyClause(CompiledMatch[][] rule, Subject subject) {
      for (CompiledMatch[] clause : rule) {
        if (!anyMatch(clause, subject)) {
          return false;
        }
      }
      return true;
    }

    private static boolean anyMatch(CompiledMatch[] clause, Subject subject) {
      for (CompiledMatch match : clause) {
        if (match.matches(subject)) {
          return true;
        }
      }
      return clause.length == 0;
    }
  }
}
