package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.metadata;
import static dev.ambit.controller.translate.Objects.pod;
import static dev.ambit.controller.translate.Objects.policy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.AuthorizationPolicy.Operation;
import dev.ambit.model.object.AuthorizationPolicy.Rule;
import dev.ambit.model.object.AuthorizationPolicy.Source;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.policy.Policy.Clause;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Scope;
import dev.ambit.model.policy.Policy.ServiceAccount;
import dev.ambit.model.policy.StringMatch;
import dev.ambit.model.workload.Cidr;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class PolicyTranslatorTest {
  private static Rule rule(List<Source> from, List<Operation> to) {
    return new Rule(from, to, List.of());
  }

  private static Source from(String field, String... values) {
    return new Source(Map.of(field, List.of(values)));
  }

  private static Operation to(String field, String... values) {
    return new Operation(Map.of(field, List.of(values)));
  }

  private static Match onlyMatch(Policy policy) {
    assertThat(policy.rules()).hasSize(1);
    assertThat(policy.rules().getFirst().clauses()).hasSize(1);
    assertThat(policy.rules().getFirst().clauses().getFirst().matches()).hasSize(1);
    return policy.rules().getFirst().clauses().getFirst().matches().getFirst();
  }

  private static Policy converted(Rule... rules) {
    return Derived.of(policy("foo", "p", Action.ALLOW, Map.of(), rules))
        .policy("foo", "p")
        .orElseThrow();
  }

  @Test
  @DisplayName("l4-authorization 19: an ALLOW rule with an HTTP attribute is dropped whole")
  void drops_an_allow_rule_with_http() {
    Rule rule = rule(List.of(from("principals", "a")), List.of(to("methods", "GET")));
    Derived derived = Derived.of(policy("foo", "p", Action.ALLOW, Map.of(), rule));
    assertThat(derived.policy("foo", "p").orElseThrow().rules()).isEmpty();
    assertThat(derived.conditions())
        .singleElement()
        .satisfies(condition -> {
          assertThat(condition.type()).isEqualTo("ZtunnelAccepted");
          assertThat(condition.accepted()).isFalse();
          assertThat(condition.message()).contains("methods").contains("less is allowed");
        });
  }

  @Test
  @DisplayName(
      "l4-authorization 19: a DENY rule whose `to` is HTTP only becomes a no-op, and says so")
  void a_deny_rule_with_only_http_operations_has_no_effect() {
    Rule rule = rule(List.of(from("principals", "a")), List.of(to("methods", "GET")));
    Derived derived = Derived.of(policy("foo", "p", Action.DENY, Map.of(), rule));
    List<Clause> clauses = derived.policy("foo", "p").orElseThrow().rules().getFirst().clauses();
    assertThat(clauses).hasSize(2);
    assertThat(clauses.getFirst().matches()).containsExactly(Match.EMPTY);
    assertThat(clauses.getLast().matches().getFirst().principals())
        .containsExactly(new StringMatch.Exact("a"));
    assertThat(derived.conditions().getFirst().message()).contains("no effect");
  }

  @Test
  @DisplayName("l4-authorization 19: ports beside methods still deny by port")
  void a_deny_rule_keeps_its_ports() {
    Operation both = new Operation(Map.of("ports", List.of("80"), "methods", List.of("GET")));
    Derived derived =
        Derived.of(policy("foo", "p", Action.DENY, Map.of(), rule(List.of(), List.of(both))));
    assertThat(onlyMatch(derived.policy("foo", "p").orElseThrow()).destinationPorts())
        .containsExactly(80);
    assertThat(derived.conditions().getFirst().message()).contains("more is denied");
  }

  @Test
  @DisplayName("l4-authorization 20: DENY of a path has no effect at L4, the condition names paths")
  void a_deny_of_a_path_has_no_effect() {
    Derived derived =
        Derived.of(
            policy("foo", "p", Action.DENY, Map.of(), rule(List.of(), List.of(to("paths", "/x")))));
    assertThat(onlyMatch(derived.policy("foo", "p").orElseThrow())).isEqualTo(Match.EMPTY);
    assertThat(derived.conditions().getFirst().message()).contains("paths").contains("no effect");
  }

  @Test
  @DisplayName("l4-authorization 21: values and notValues of a condition share one match")
  void converts_a_condition() {
    var when =
        new AuthorizationPolicy.Condition("source.ip", List.of("1.2.3.4"), List.of("1.2.3.5"));
    Match match = onlyMatch(converted(new Rule(List.of(), List.of(), List.of(when))));
    assertThat(match.sourceIps()).containsExactly(new Cidr(Objects.ip("1.2.3.4"), 32));
    assertThat(match.notSourceIps()).containsExactly(new Cidr(Objects.ip("1.2.3.5"), 32));
  }

  @Test
  @DisplayName("l4-authorization 22: string patterns and service accounts")
  void converts_patterns() {
    assertThat(
            onlyMatch(converted(rule(List.of(from("principals", "*", "a*", "*a", "a")), List.of())))
                .principals())
        .containsExactly(
            new StringMatch.Presence(),
            new StringMatch.Prefix("a"),
            new StringMatch.Suffix("a"),
            new StringMatch.Exact("a"));
    assertThat(
            onlyMatch(
                    converted(rule(List.of(from("serviceAccounts", "sa1", "bar/sa1")), List.of())))
                .serviceAccounts())
        .containsExactly(new ServiceAccount("foo", "sa1"), new ServiceAccount("bar", "sa1"));
  }

  @Test
  @DisplayName("l4-authorization 23: scopes, and selected pods name their policies")
  void finds_the_scope() {
    var pods = labels("app=x");
    Derived derived =
        Derived.of(
            pod("foo", "p", "10.0.0.1", "app=x"),
            pod("foo", "q", "10.0.0.2", "app=y"),
            pod("bar", "p", "10.0.0.3", "app=x"),
            policy("istio-system", "global", Action.ALLOW, Map.of()),
            policy("istio-system", "root-selects", Action.ALLOW, pods),
            policy("foo", "wide", Action.ALLOW, Map.of()),
            policy("foo", "selects", Action.ALLOW, pods));
    assertThat(derived.policy("istio-system", "global").orElseThrow().scope())
        .isEqualTo(Scope.GLOBAL);
    assertThat(derived.policy("foo", "wide").orElseThrow().scope()).isEqualTo(Scope.NAMESPACE);
    assertThat(derived.policy("foo", "selects").orElseThrow().scope())
        .isEqualTo(Scope.WORKLOAD_SELECTOR);
    assertThat(derived.existing("foo", "p").policies())
        .containsExactly("foo/selects", "istio-system/root-selects");
    assertThat(derived.existing("foo", "q").policies()).isEmpty();
    assertThat(derived.existing("bar", "p").policies())
        .containsExactly("istio-system/root-selects");
  }

  @Test
  @DisplayName("l4-authorization 23: a policy with targetRefs is a waypoint's")
  void leaves_waypoint_policies_out() {
    var attached =
        new AuthorizationPolicy(
            metadata("foo", "p", Map.of()),
            Map.of(),
            List.of(new TargetReference("", "Service", "", "echo")),
            Action.ALLOW,
            List.of());
    Derived derived = Derived.of(attached);
    assertThat(derived.view().policies()).isEmpty();
    // Nothing of L4 is said of it; that its target is not there is.
    assertThat(derived.conditions())
        .singleElement()
        .satisfies(condition -> assertThat(condition.message()).contains("TargetNotFound"));
  }

  @ParameterizedTest
  @DisplayName("l4-authorization 23: AUDIT and CUSTOM are not sent, the condition says so")
  @EnumSource(
      value = Action.class,
      names = {"AUDIT", "CUSTOM"})
  void refuses_actions_that_are_not_l4(Action action) {
    Derived derived =
        Derived.of(
            policy("foo", "p", action, labels("app=x")), pod("foo", "p", "10.0.0.1", "app=x"));
    assertThat(derived.view().policies()).isEmpty();
    assertThat(derived.existing("foo", "p").policies()).isEmpty();
    assertThat(derived.conditions())
        .singleElement()
        .satisfies(condition -> assertThat(condition.message()).contains(action.name()));
  }

  @Test
  @DisplayName("l4-authorization §4: an empty ALLOW denies all, an empty rule allows all")
  void keeps_empty_policies_and_rules_apart() {
    assertThat(converted().rules()).isEmpty();
    assertThat(converted(rule(List.of(), List.of())).rules())
        .containsExactly(new Policy.Rule(List.of()));
  }

  @Test
  @DisplayName("l4-authorization §4: a dry-run policy is sent only where that is switched on")
  void holds_dry_run_policies_back() {
    var dry =
        new AuthorizationPolicy(
            metadata("foo", "p", Map.of(), Map.of("istio.io/dry-run", "true"), Objects.LONG_AGO),
            labels("app=x"),
            List.of(),
            Action.DENY,
            List.of());
    var pod = pod("foo", "p", "10.0.0.1", "app=x");
    Derived off = Derived.of(dry, pod);
    assertThat(off.view().policies()).isEmpty();
    assertThat(off.existing("foo", "p").policies()).isEmpty();
    assertThat(off.conditions()).singleElement().matches(condition -> !condition.accepted());
    MeshSettings mesh =
        new MeshSettings("cluster.local", "Kubernetes", "cluster.local", "istio-system", true);
    Derived on = Derived.of(mesh, Map.of(), dry, pod);
    assertThat(on.policy("foo", "p").orElseThrow().dryRun()).isTrue();
    assertThat(on.existing("foo", "p").policies()).containsExactly("foo/p");
  }

  @Test
  void a_value_that_cannot_be_read_never_allows_more() {
    Rule rule =
        rule(List.of(from("ipBlocks", "10.0.0.0/8", "nonsense")), List.of(to("ports", "80")));
    Derived allow = Derived.of(policy("foo", "p", Action.ALLOW, Map.of(), rule));
    assertThat(allow.policy("foo", "p").orElseThrow().rules()).isEmpty();
    assertThat(allow.conditions().getFirst().message()).contains("nonsense");
  }

  @Test
  void attributes_this_version_does_not_know_are_unsupported() {
    Derived derived =
        Derived.of(
            policy(
                "foo",
                "p",
                Action.ALLOW,
                Map.of(),
                rule(List.of(from("trustDomains", "td")), List.of())));
    assertThat(derived.policy("foo", "p").orElseThrow().rules()).isEmpty();
    assertThat(derived.conditions().getFirst().message()).contains("trustDomains");
  }
}
