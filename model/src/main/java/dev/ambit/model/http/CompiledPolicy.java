package dev.ambit.model.http;

import dev.ambit.model.http.HttpAuthorizer.Chain;
import dev.ambit.model.http.HttpAuthorizer.Considered;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.policy.PolicyKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A policy as the waypoint reads it. What cannot be built makes an ALLOW narrower and every other
 * action wider (spec: l7-authorization §2).
 */
record CompiledPolicy(
    PolicyKey key, Action action, String provider, boolean dryRun, List<CompiledRule> rules) {
  private static final String DRY_RUN = "istio.io/dry-run";

  /**
   * One rule.
   *
   * @param place of the rule in the policy
   * @param from lists of a source joined by AND, sources by OR; so {@code to}
   */
  record CompiledRule(
      int place, List<List<RuleCheck>> from, List<List<RuleCheck>> to, List<RuleCheck> when) {
    boolean matches(HttpSubject subject) {
      return any(from, subject) && any(to, subject) && all(when, subject);
    }

    private static boolean any(List<List<RuleCheck>> groups, HttpSubject subject) {
      for (List<RuleCheck> group : groups) {
        if (all(group, subject)) {
          return true;
        }
      }
      return groups.isEmpty();
    }

    private static boolean all(List<RuleCheck> checks, HttpSubject subject) {
      for (RuleCheck check : checks) {
        if (!check.holds(subject)) {
          return false;
        }
      }
      return true;
    }

    List<String> misses(HttpSubject subject) {
      List<String> misses = new ArrayList<>(fewest(from, subject));
      misses.addAll(fewest(to, subject));
      misses.addAll(misses(when, subject));
      return misses;
    }

    private static List<String> fewest(List<List<RuleCheck>> groups, HttpSubject subject) {
      List<String> fewest = null;
      for (List<RuleCheck> group : groups) {
        List<String> misses = misses(group, subject);
        fewest = fewest == null || misses.size() < fewest.size() ? misses : fewest;
      }
      return fewest == null ? List.of() : fewest;
    }

    private static List<String> misses(List<RuleCheck> checks, HttpSubject subject) {
      return checks.stream()
          .filter(check -> !check.holds(subject))
          .map(check -> check.miss(subject))
          .toList();
    }
  }

  static CompiledPolicy of(AuthorizationPolicy policy, Set<String> trustDomains, Chain chain) {
    String namespace = policy.metadata().namespace();
    RuleCheck.Compiler compiler = new RuleCheck.Compiler(namespace, trustDomains, chain);
    boolean narrow = policy.action() == Action.ALLOW;
    List<CompiledRule> rules = new ArrayList<>();
    for (int i = 0; i < policy.rules().size(); i++) {
      CompiledRule rule = rule(i, policy.rules().get(i), compiler, narrow);
      if (rule != null) {
        rules.add(rule);
      }
    }
    String dryRun = policy.metadata().annotations().getOrDefault(DRY_RUN, "");
    return new CompiledPolicy(
        new PolicyKey(namespace, policy.metadata().name()),
        policy.action(),
        policy.provider(),
        dryRun.equalsIgnoreCase("true"),
        List.copyOf(rules));
  }

  private static @Nullable CompiledRule rule(
      int place, AuthorizationPolicy.Rule rule, RuleCheck.Compiler compiler, boolean narrow) {
    List<String> bad = new ArrayList<>();
    List<List<RuleCheck>> from = new ArrayList<>();
    rule.from().forEach(source -> from.add(checks(source.fields(), compiler, bad)));
    List<List<RuleCheck>> to = new ArrayList<>();
    rule.to().forEach(operation -> to.add(checks(operation.fields(), compiler, bad)));
    List<RuleCheck> when = new ArrayList<>();
    for (AuthorizationPolicy.Condition condition : rule.when()) {
      add(when, compiler.condition(condition.key(), condition.values(), false, bad));
      add(when, compiler.condition(condition.key(), condition.notValues(), true, bad));
    }
    return narrow && !bad.isEmpty() ? null : new CompiledRule(place, from, to, when);
  }

  private static List<RuleCheck> checks(
      Map<String, List<String>> fields, RuleCheck.Compiler compiler, List<String> bad) {
    List<RuleCheck> checks = new ArrayList<>();
    fields.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(field -> add(checks, compiler.list(field.getKey(), field.getValue(), bad)));
    return checks;
  }

  private static void add(List<RuleCheck> checks, @Nullable RuleCheck check) {
    if (check != null) {
      checks.add(check);
    }
  }

  /** Place of the first rule that matches, -1 when none does. */
  int matchingRule(HttpSubject subject) {
    for (CompiledRule rule : rules) {
      if (rule.matches(subject)) {
        return rule.place();
      }
    }
    return -1;
  }

  String ruleName(int rule) {
    return "ns[" + key.namespace() + "]-policy[" + key.name() + "]-rule[" + rule + "]";
  }

  Considered considered(HttpSubject subject) {
    List<String> nearest = null;
    for (CompiledRule rule : rules) {
      List<String> misses = rule.misses(subject);
      if (misses.isEmpty()) {
        return new Considered(key, action, rule.place(), "");
      }
      nearest = nearest == null || misses.size() < nearest.size() ? misses : nearest;
    }
    String miss =
        nearest == null
            ? "rules: got none that can match, expected one that matches"
            : String.join("; ", nearest);
    return new Considered(key, action, -1, miss);
  }
}
