package dev.ambit.model.policy;

import dev.ambit.model.policy.Policies.Compiled;
import dev.ambit.model.policy.Policy.Action;
import dev.ambit.model.workload.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Decides whether an inbound connection may be (spec: l4-authorization §3). */
public final class Authorizer {
  private static final Verdict ALLOWED = new Verdict.Allowed(null, List.of());
  private static final Verdict NONE_ALLOWED =
      new Verdict.Denied(null, "allow policies exist, but none allowed", List.of());
  private static final Verdict UNKNOWN = new Verdict.Denied(null, "workload not found", List.of());

  private Authorizer() {}

  /**
   * A policy that {@code destination} names and {@code policies} lacks is skipped; see {@link
   * #missing}.
   *
   * @param destination the workload of the local pod; null when it is not known, which denies
   */
  public static Verdict decide(Policies policies, @Nullable Workload destination, Peer peer) {
    if (destination == null) {
      return UNKNOWN;
    }
    Decision decision = new Decision(new Subject(peer));
    List<Compiled> global = policies.globalPolicies();
    List<Compiled> ofNamespace = policies.policiesOf(destination.namespace());
    List<Compiled> selected = selected(policies, destination);
    Compiled denying = decision.denying(global);
    denying = denying == null ? decision.denying(ofNamespace) : denying;
    denying = denying == null ? decision.denying(selected) : denying;
    if (denying != null) {
      return decision.verdict(denying.denied());
    }
    Compiled allowing = decision.allowing(global);
    allowing = allowing == null ? decision.allowing(ofNamespace) : allowing;
    allowing = allowing == null ? decision.allowing(selected) : allowing;
    if (allowing != null) {
      return decision.verdict(allowing.allowed());
    }
    return decision.verdict(decision.allowExists ? NONE_ALLOWED : ALLOWED);
  }

  /** The names of policies that {@code destination} should obey but nobody has sent yet. */
  public static List<String> missing(Policies policies, Workload destination) {
    return destination.policies().stream()
        .filter(name -> policies.policyNamed(name) == null)
        .toList();
  }

  private static List<Compiled> selected(Policies policies, Workload destination) {
    if (destination.policies().isEmpty()) {
      return List.of();
    }
    List<Compiled> selected = new ArrayList<>(destination.policies().size());
    for (String name : destination.policies()) {
      Compiled found = policies.policyNamed(name);
      if (found != null) {
        selected.add(found);
      }
    }
    return selected;
  }

  /** {@link #decide} with every policy that was looked at and, for each, what spoke against it. */
  public static Explanation explain(Policies policies, Workload destination, Peer peer) {
    Verdict verdict = decide(policies, destination, peer);
    Map<PolicyKey, Compiled> covering = new LinkedHashMap<>();
    for (List<Compiled> some :
        List.of(
            policies.globalPolicies(),
            policies.policiesOf(destination.namespace()),
            selected(policies, destination))) {
      some.forEach(policy -> covering.putIfAbsent(policy.policy().key(), policy));
    }
    PolicyKey deciding =
        switch (verdict) {
          case Verdict.Allowed allowed -> allowed.by();
          case Verdict.Denied denied -> denied.by();
        };
    NearestMiss misses = new NearestMiss(peer);
    List<Considered> considered =
        covering.values().stream()
            .map(Compiled::policy)
            .sorted(
                Comparator.<Policy, Boolean>comparing(policy -> !policy.key().equals(deciding))
                    .thenComparing(policy -> policy.action() == Action.ALLOW))
            .map(misses::of)
            .toList();
    return new Explanation(verdict, considered);
  }

  /** One walk over the policies, in the order of the spec. */
  private static final class Decision {
    private final Subject subject;
    private @Nullable List<Verdict.DryRun> dryRuns;
    private boolean allowExists;

    Decision(Subject subject) {
      this.subject = subject;
    }

    @Nullable Compiled denying(List<Compiled> policies) {
      Compiled found = null;
      for (Compiled policy : policies) {
        if (policy.isEnforced(Action.DENY)) {
          found = found == null && policy.matches(subject) ? policy : found;
        } else if (policy.isDryRun(Action.DENY) && policy.matches(subject)) {
          note(policy, true);
        }
      }
      return found;
    }

    @Nullable Compiled allowing(List<Compiled> policies) {
      Compiled found = null;
      for (Compiled policy : policies) {
        if (policy.isEnforced(Action.ALLOW)) {
          allowExists = true;
          found = found == null && policy.matches(subject) ? policy : found;
        } else if (policy.isDryRun(Action.ALLOW)) {
          note(policy, policy.matches(subject));
        }
      }
      return found;
    }

    private void note(Compiled policy, boolean matched) {
      if (dryRuns == null) {
        dryRuns = new ArrayList<>();
      }
      dryRuns.add(new Verdict.DryRun(policy.policy().key(), policy.policy().action(), matched));
    }

    /** {@code ready} with the dry runs that were seen. */
    Verdict verdict(Verdict ready) {
      if (dryRuns == null) {
        return ready;
      }
      return switch (ready) {
        case Verdict.Allowed(PolicyKey by, List<Verdict.DryRun> _) ->
            new Verdict.Allowed(by, dryRuns);
        case Verdict.Denied(PolicyKey by, String reason, List<Verdict.DryRun> _) ->
            new Verdict.Denied(by, reason, dryRuns);
      };
    }
  }

  /** A verdict and how it came about, the deciding policy first. */
  public record Explanation(Verdict verdict, List<Considered> considered) {
    public Explanation {
      considered = List.copyOf(considered);
    }
  }

  /**
   * One policy that covers the destination.
   *
   * @param matchedRule index of the first rule that matched, -1 when none did
   * @param nearestMiss of the rule that came closest, e.g. {@code principals: got "a/ns/b/sa/c",
   *     expected "a/ns/b/sa/d"}; "" when a rule matched
   */
  public record Considered(Policy policy, int matchedRule, String nearestMiss) {}
}
