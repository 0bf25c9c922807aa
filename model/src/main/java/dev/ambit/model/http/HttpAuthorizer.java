package dev.ambit.model.http;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides whether a request or connection may pass a waypoint (spec: l7-authorization §2): first
 * {@link #custom}, then the token is checked, then {@link #decide}. Immutable; any thread.
 */
public final class HttpAuthorizer {
  private static final String DETAILS = "rbac_access_denied_matched_policy[";

  private final List<CompiledPolicy> policies;
  private final Mesh mesh;

  /** What a policy is enforced on. */
  public enum Chain {
    HTTP,
    TCP
  }

  /**
   * What holds for the whole mesh.
   *
   * @param trustDomains of the mesh and its aliases
   * @param providers those that CUSTOM may name
   * @param manyProviders whether one service may have policies of several
   */
  public record Mesh(Set<String> trustDomains, Set<String> providers, boolean manyProviders) {
    public Mesh {
      trustDomains = Set.copyOf(trustDomains);
      providers = Set.copyOf(providers);
    }
  }

  private HttpAuthorizer(List<CompiledPolicy> policies, Mesh mesh) {
    this.policies = policies;
    this.mesh = mesh;
  }

  /**
   * @param policies those attached to the destination
   */
  public static HttpAuthorizer of(
      Collection<AuthorizationPolicy> policies, Mesh mesh, Chain chain) {
    List<CompiledPolicy> compiled = new ArrayList<>();
    for (AuthorizationPolicy policy : policies) {
      compiled.add(CompiledPolicy.of(policy, mesh.trustDomains(), chain));
    }
    compiled.sort(Comparator.comparing(policy -> policy.key().toString()));
    return new HttpAuthorizer(List.copyOf(compiled), mesh);
  }

  /** Whom to ask before anything else. */
  public sealed interface Custom {}

  /** Nobody. */
  public record NoneToAsk() implements Custom {}

  /** These providers, in this order; the first that refuses decides. */
  public record Ask(List<String> providers) implements Custom {}

  /** Nobody can be asked, so the request is refused. */
  public record CannotAsk(String reason) implements Custom {}

  /** The providers whose policies match. */
  public Custom custom(HttpSubject subject) {
    Set<String> all = new TreeSet<>();
    Set<String> asked = new TreeSet<>();
    for (CompiledPolicy policy : policies) {
      if (policy.action() == Action.CUSTOM && !policy.dryRun()) {
        all.add(policy.provider());
        if (policy.matchingRule(subject) >= 0) {
          asked.add(policy.provider());
        }
      }
    }
    if (asked.isEmpty()) {
      return new NoneToAsk();
    }
    if (all.size() > 1 && !mesh.manyProviders()) {
      return new CannotAsk("several CUSTOM providers: got " + all + ", expected one");
    }
    for (String provider : asked) {
      if (!mesh.providers().contains(provider)) {
        return new CannotAsk(
            "CUSTOM provider: got \"" + provider + "\", expected one of " + mesh.providers());
      }
    }
    return new Ask(List.copyOf(asked));
  }

  /**
   * What became of a request.
   *
   * @param audited policies with AUDIT that matched
   */
  public record Decision(Verdict verdict, List<PolicyKey> audited) {
    public Decision {
      audited = List.copyOf(audited);
    }
  }

  /** DENY before ALLOW; AUDIT only takes note. */
  public Decision decide(HttpSubject subject) {
    List<PolicyKey> audited = new ArrayList<>();
    List<Verdict.DryRun> dryRuns = new ArrayList<>();
    CompiledPolicy denying = null;
    CompiledPolicy allowing = null;
    int denyingRule = -1;
    boolean allowExists = false;
    for (CompiledPolicy policy : policies) {
      switch (policy.action()) {
        case CUSTOM -> {
          // Asked before.
        }
        case AUDIT -> {
          if (policy.matchingRule(subject) >= 0) {
            audited.add(policy.key());
          }
        }
        case DENY -> {
          int rule = policy.matchingRule(subject);
          if (policy.dryRun()) {
            dryRuns.add(new Verdict.DryRun(policy.key(), Policy.Action.DENY, rule >= 0));
          } else if (rule >= 0 && denying == null) {
            denying = policy;
            denyingRule = rule;
          }
        }
        case ALLOW -> {
          int rule = policy.matchingRule(subject);
          if (policy.dryRun()) {
            dryRuns.add(new Verdict.DryRun(policy.key(), Policy.Action.ALLOW, rule >= 0));
          } else {
            allowExists = true;
            allowing = allowing == null && rule >= 0 ? policy : allowing;
          }
        }
      }
    }
    List<Verdict.DryRun> seen = List.copyOf(dryRuns);
    Verdict verdict;
    if (denying != null) {
      String details = DETAILS + denying.ruleName(denyingRule) + "]";
      verdict = new Verdict.Denied(denying.key(), details, seen);
    } else if (allowExists && allowing == null) {
      verdict = new Verdict.Denied(null, DETAILS + "none]", seen);
    } else {
      verdict = new Verdict.Allowed(allowing == null ? null : allowing.key(), seen);
    }
    return new Decision(verdict, audited);
  }

  /** A decision and what was looked at, in the order of names. */
  public record Explanation(Decision decision, List<Considered> considered) {
    public Explanation {
      considered = List.copyOf(considered);
    }
  }

  /**
   * One policy.
   *
   * @param matchedRule index of the first rule that matched, -1 when none did
   * @param nearestMiss what spoke against the rule that came closest; "" when one matched
   */
  public record Considered(PolicyKey policy, Action action, int matchedRule, String nearestMiss) {}

  /** {@link #decide} with every policy and, for each, what spoke against it. */
  public Explanation explain(HttpSubject subject) {
    return new Explanation(
        decide(subject), policies.stream().map(policy -> policy.considered(subject)).toList());
  }
}
