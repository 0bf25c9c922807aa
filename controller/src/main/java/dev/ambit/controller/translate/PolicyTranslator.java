package dev.ambit.controller.translate;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.PolicyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * AuthorizationPolicies to what ztunnel can enforce (spec: l4-authorization §4). Never permits more
 * than the author stated: an ALLOW rule with anything unenforceable is dropped whole, a DENY rule
 * loses that part only.
 */
final class PolicyTranslator {
  private static final String DRY_RUN = "istio.io/dry-run";
  private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

  private final String rootNamespace;
  private final boolean dryRunPolicies;

  PolicyTranslator(String rootNamespace, boolean dryRunPolicies) {
    this.rootNamespace = rootNamespace;
    this.dryRunPolicies = dryRunPolicies;
  }

  /** Whether {@code policy} is one that selected workloads must name. */
  boolean named(AuthorizationPolicy policy) {
    return !policy.selector().isEmpty() && sent(policy);
  }

  private boolean sent(AuthorizationPolicy policy) {
    return policy.targetRefs().isEmpty()
        && (policy.action() == AuthorizationPolicy.Action.ALLOW
            || policy.action() == AuthorizationPolicy.Action.DENY)
        && (dryRunPolicies || !dryRun(policy));
  }

  private static boolean dryRun(AuthorizationPolicy policy) {
    return TRUE.contains(policy.metadata().annotations().getOrDefault(DRY_RUN, ""));
  }

  /** What ztunnel is told of {@code policy}; empty for what is a waypoint's or not enforceable. */
  Optional<Policy> translate(AuthorizationPolicy policy, Consumer<Condition> conditions) {
    if (!policy.targetRefs().isEmpty()) {
      return Optional.empty();
    }
    Optional<Policy.Action> action =
        switch (policy.action()) {
          case ALLOW -> Optional.of(Policy.Action.ALLOW);
          case DENY -> Optional.of(Policy.Action.DENY);
          case AUDIT, CUSTOM -> Optional.empty();
        };
    if (action.isEmpty()) {
      conditions.accept(
          refused(policy, "ztunnel does not support the " + policy.action() + " action"));
      return Optional.empty();
    }
    if (!sent(policy)) {
      conditions.accept(
          refused(
              policy,
              "the policy is marked as dry-run, and"
                  + " AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY is off; it is not sent"));
      return Optional.empty();
    }
    return Optional.of(translate(policy, action.get(), conditions));
  }

  private Policy translate(
      AuthorizationPolicy policy, Policy.Action action, Consumer<Condition> conditions) {
    Metadata metadata = policy.metadata();
    List<Rule> rules = new ArrayList<>();
    Set<String> unsupported = new TreeSet<>();
    for (AuthorizationPolicy.Rule rule : policy.rules()) {
      RuleTranslation one = new RuleTranslation(metadata.namespace());
      List<Clause> clauses = one.clauses(rule);
      unsupported.addAll(one.unsupported());
      if (action == Policy.Action.DENY || one.unsupported().isEmpty()) {
        rules.add(new Rule(clauses));
      }
    }
    conditions.accept(
        unsupported.isEmpty()
            ? accepted(policy)
            : refused(
                policy,
                "ztunnel cannot enforce: "
                    + String.join(", ", unsupported)
                    + ". "
                    + consequence(action, rules)));
    return new Policy(
        new PolicyKey(metadata.namespace(), metadata.name()),
        scope(policy),
        action,
        rules,
        dryRun(policy));
  }

  private Policy.Scope scope(AuthorizationPolicy policy) {
    if (!policy.selector().isEmpty()) {
      return Policy.Scope.WORKLOAD_SELECTOR;
    }
    return policy.metadata().namespace().equals(rootNamespace)
        ? Policy.Scope.GLOBAL
        : Policy.Scope.NAMESPACE;
  }

  private static String consequence(Policy.Action action, List<Rule> rules) {
    return switch (action) {
      case ALLOW ->
          "The rules that use them are left out, so that less is allowed than stated;"
              + " a waypoint with targetRefs enforces them";
      case DENY ->
          rules.stream().anyMatch(PolicyTranslator::canMatch)
              ? "They are left out of the rules, so that more is denied than stated;"
                  + " a waypoint with targetRefs enforces them"
              : "Nothing enforceable remains: this DENY has no effect;"
                  + " a waypoint with targetRefs enforces it";
    };
  }

  /** A clause in which every match is empty is false, and its rule with it. */
  private static boolean canMatch(Rule rule) {
    return rule.clauses().stream()
        .allMatch(
            clause -> clause.matches().stream().anyMatch(match -> !match.equals(Match.EMPTY)));
  }

  private static Condition accepted(AuthorizationPolicy policy) {
    return condition(policy, true, "Accepted", "attached to ztunnel");
  }

  private static Condition refused(AuthorizationPolicy policy, String message) {
    return condition(policy, false, Condition.UNSUPPORTED_VALUE, message);
  }

  private static Condition condition(
      AuthorizationPolicy policy, boolean accepted, String reason, String message) {
    return new Condition(
        policy.kind(),
        policy.metadata().namespace(),
        policy.metadata().name(),
        Condition.ZTUNNEL_ACCEPTED,
        accepted,
        reason,
        message);
  }
}
