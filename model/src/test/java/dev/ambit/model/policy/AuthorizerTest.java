package dev.ambit.model.policy;

import static dev.ambit.model.Mesh.at;
import static dev.ambit.model.Mesh.gone;
import static dev.ambit.model.Mesh.ip;
import static dev.ambit.model.Mesh.pod;
import static dev.ambit.model.Mesh.view;
import static dev.ambit.model.policy.Rules.allow;
import static dev.ambit.model.policy.Rules.clause;
import static dev.ambit.model.policy.Rules.deny;
import static dev.ambit.model.policy.Rules.dryRun;
import static dev.ambit.model.policy.Rules.match;
import static dev.ambit.model.policy.Rules.named;
import static dev.ambit.model.policy.Rules.rule;
import static dev.ambit.model.policy.Rules.scoped;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.policy.Policy.Match;
import dev.ambit.model.policy.Policy.Rule;
import dev.ambit.model.policy.Policy.Scope;
import dev.ambit.model.policy.Rules.Matching;
import dev.ambit.model.workload.Workload;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The vectors of l4-authorization: P and T to 127.0.0.2:8080, A to 127.0.0.4:9090. */
final class AuthorizerTest {
  private static final Peer P = new Peer(ip("127.0.0.1"), null, at("127.0.0.2", 8080));
  private static final Peer T =
      new Peer(ip("127.0.0.1"), new SpiffeId("td", "namespace", "account"), at("127.0.0.2", 8080));
  private static final Peer A =
      new Peer(ip("127.0.0.3"), new SpiffeId("td", "other", "other"), at("127.0.0.4", 9090));
  private static final Workload SERVER = pod("server", "127.0.0.2").build();

  /** Which of P, T and A the policies allow. */
  private static String allowed(Policy... policies) {
    return allowed(view((Object[]) policies), SERVER);
  }

  private static String allowed(MeshView view, Workload destination) {
    StringBuilder names = new StringBuilder();
    for (Peer peer : List.of(P, T, A)) {
      if (Authorizer.decide(view, destination, peer) instanceof Verdict.Allowed) {
        names.append(peer == P ? 'P' : peer == T ? 'T' : 'A');
      }
      // Whatever is allowed or denied, the explanation says the same.
      assertThat(Authorizer.explain(view, destination, peer).verdict())
          .isEqualTo(Authorizer.decide(view, destination, peer));
    }
    return names.toString();
  }

  private static String allowedBy(Matching matching) {
    return allowed(allow(rule(clause(matching))));
  }

  private static String deniedBy(Matching matching) {
    String left = allowed(deny(rule(clause(matching))));
    return "PTA".replaceAll("[" + left + "-]", "");
  }

  @Test
  @DisplayName("l4-authorization 1: without policies everything is allowed")
  void allows_without_policies() {
    assertThat(allowed()).isEqualTo("PTA");
  }

  @Test
  @DisplayName("l4-authorization 2: ALLOW without groups denies all, DENY without has no effect")
  void knows_policies_without_rules() {
    assertThat(allowed(allow())).isEmpty();
    assertThat(Authorizer.decide(view(allow()), SERVER, T))
        .isEqualTo(new Verdict.Denied(null, "allow policies exist, but none allowed", List.of()));
    assertThat(allowed(deny())).isEqualTo("PTA");
  }

  @Test
  @DisplayName("l4-authorization 3: a group without clauses matches everything")
  void knows_rules_without_clauses() {
    assertThat(allowed(allow(rule()))).isEqualTo("PTA");
    assertThat(allowed(deny(rule()))).isEmpty();
  }

  @Test
  @DisplayName("l4-authorization 4: an empty match is false, a clause without matches true")
  void knows_empty_matches() {
    assertThat(allowed(allow(new Rule(List.of(new Policy.Clause(List.of(Match.EMPTY)))))))
        .isEmpty();
    assertThat(allowed(allow(rule(clause())))).isEqualTo("PTA");
  }

  @Test
  @DisplayName("l4-authorization 5: namespaces and not_namespaces")
  void compares_namespaces() {
    assertThat(allowedBy(match().namespaces("namespace"))).isEqualTo("T");
    assertThat(allowedBy(match().notNamespaces("namespace"))).isEqualTo("PA");
    assertThat(allowedBy(match().namespaces(""))).isEqualTo("P");
  }

  @Test
  @DisplayName("l4-authorization 6: principals are compared without the scheme")
  void compares_principals() {
    assertThat(allowedBy(match().principals("td/ns/namespace/sa/account"))).isEqualTo("T");
    assertThat(allowedBy(match().principals("spiffe://td/ns/namespace/sa/account"))).isEmpty();
  }

  @Test
  @DisplayName("l4-authorization 7: presence of a principal, and STRICT as its absence")
  void knows_strict() {
    assertThat(allowedBy(match().principals("*"))).isEqualTo("TA");
    assertThat(deniedBy(match().notPrincipals("*"))).isEqualTo("P");
  }

  @Test
  @DisplayName("l4-authorization 8: source blocks")
  void compares_source_ips() {
    assertThat(allowedBy(match().sourceIps("127.0.0.1/32"))).isEqualTo("PT");
    assertThat(allowedBy(match().sourceIps("127.0.0.0/30"))).isEqualTo("PTA");
    assertThat(allowedBy(match().notSourceIps("127.0.0.1/32"))).isEqualTo("A");
  }

  @Test
  @DisplayName("l4-authorization 9: destination ports")
  void compares_ports() {
    assertThat(allowedBy(match().ports(8080))).isEqualTo("PT");
    assertThat(allowedBy(match().ports(8080, 9090))).isEqualTo("PTA");
    assertThat(allowedBy(match().notPorts(8080))).isEqualTo("A");
  }

  @Test
  @DisplayName("l4-authorization 10: lists of a match are AND, matches of a clause OR")
  void joins_lists_and_matches() {
    assertThat(allowedBy(match().destinationIps("127.0.0.2/32").ports(8081))).isEmpty();
    assertThat(
            allowed(
                allow(rule(clause(match().destinationIps("127.0.0.2/32"), match().ports(8081))))))
        .isEqualTo("PT");
    assertThat(allowedBy(match().notDestinationIps("127.0.0.2"))).isEqualTo("A");
  }

  @Test
  @DisplayName("l4-authorization 11: clauses are AND, groups OR")
  void joins_clauses_and_rules() {
    assertThat(allowed(allow(rule(clause(match().ports(8080)), clause(match().principals("*"))))))
        .isEqualTo("T");
    assertThat(
            allowed(
                allow(rule(clause(match().ports(8080))), rule(clause(match().principals("*"))))))
        .isEqualTo("PTA");
  }

  @Test
  @DisplayName("l4-authorization 12: service accounts, whatever the trust domain")
  void compares_service_accounts() {
    assertThat(allowedBy(match().accounts("namespace/account"))).isEqualTo("T");
    Peer elsewhere =
        new Peer(T.sourceIp(), new SpiffeId("other.td", "namespace", "account"), T.destination());
    MeshView view = view(allow(rule(clause(match().accounts("namespace/account")))));
    assertThat(Authorizer.decide(view, SERVER, elsewhere)).isInstanceOf(Verdict.Allowed.class);
    assertThat(allowedBy(match().notAccounts("namespace/account"))).isEqualTo("PA");
  }

  @ParameterizedTest(name = "l4-authorization 13: {0} vs {1} is {2}")
  @CsvSource({
    "a, a, true",
    "a, ab, false",
    "a, '', false",
    "a*, ab, true",
    "a*, ba, false",
    "*a, ba, true",
    "*a, ab, false",
    "*, a, true",
    "*, '', false"
  })
  void matches_strings(String pattern, String value, boolean expected) {
    StringMatch match = Rules.string(pattern);
    assertThat(match.matches(value)).isEqualTo(expected);
    CompiledMatch.Strings compiled = CompiledMatch.Strings.of(List.of(match));
    assertThat(compiled).isNotNull();
    assertThat(compiled.contain(value)).isEqualTo(expected);
    assertThat(compiled.contain(null)).isFalse();
  }

  @Test
  @DisplayName("l4-authorization 14: a DENY that matches wins and is named")
  void denies_first() {
    Policy allow = allow(rule());
    Policy deny = named("ns", "no", deny(rule(clause(match().namespaces("namespace")))));
    assertThat(Authorizer.decide(view(allow, deny), SERVER, T))
        .isEqualTo(
            new Verdict.Denied(
                new PolicyKey("ns", "no"), "explicitly denied by: ns/no", List.of()));
    assertThat(Authorizer.decide(view(allow, deny), SERVER, P))
        .isEqualTo(new Verdict.Allowed(allow.key(), List.of()));
  }

  @Test
  @DisplayName("l4-authorization 15: dry runs are noted and never decide")
  void only_notes_dry_runs() {
    Policy deny = dryRun(deny(rule(clause(match().namespaces("namespace")))));
    assertThat(Authorizer.decide(view(deny), SERVER, T))
        .isEqualTo(
            new Verdict.Allowed(
                null, List.of(new Verdict.DryRun(deny.key(), Policy.Action.DENY, true))));
    assertThat(Authorizer.decide(view(deny), SERVER, P).dryRuns()).isEmpty();
    Policy allow = dryRun(allow());
    assertThat(Authorizer.decide(view(allow), SERVER, T))
        .isEqualTo(
            new Verdict.Allowed(
                null, List.of(new Verdict.DryRun(allow.key(), Policy.Action.ALLOW, false))));
  }

  @Test
  @DisplayName("l4-authorization 16: a selector policy counts when the workload names it")
  void obeys_selector_policies() {
    Policy policy = scoped(Scope.WORKLOAD_SELECTOR, named("ns", "strict", deny(rule())));
    Workload bound = pod("server", "127.0.0.2").policies(List.of("ns/strict")).build();
    assertThat(allowed(view(policy), SERVER)).isEqualTo("PTA");
    assertThat(allowed(view(), bound)).isEqualTo("PTA");
    assertThat(Authorizer.missing(view(), bound)).containsExactly("ns/strict");
    assertThat(allowed(view(policy), bound)).isEmpty();
    assertThat(Authorizer.missing(view(policy), bound)).isEmpty();
  }

  @Test
  @DisplayName("l4-authorization 17: namespace policies cover their namespace, global ones all")
  void covers_namespaces() {
    Policy policy = named("other", "p", deny(rule()));
    assertThat(allowed(scoped(Scope.NAMESPACE, policy))).isEqualTo("PTA");
    assertThat(allowed(scoped(Scope.GLOBAL, policy))).isEmpty();
    assertThat(allowed(scoped(Scope.NAMESPACE, named("ns", "p", deny(rule()))))).isEmpty();
  }

  @Test
  @DisplayName("l4-authorization 18: a removed policy no longer denies")
  void forgets_removed_policies() {
    for (Scope scope : Scope.values()) {
      Policy policy = scoped(scope, deny(rule()));
      Workload bound = pod("server", "127.0.0.2").policies(List.of("ns/deny")).build();
      assertThat(allowed(view(policy), bound)).isEmpty();
      assertThat(allowed(view(policy, gone(policy.key())), bound)).isEqualTo("PTA");
    }
  }

  @ParameterizedTest(name = "l4-authorization 25, 26: port {0} with identity {1} is {2}")
  @CsvSource({
    "8080, false, denied",
    "9090, false, allowed",
    "8080, true, allowed",
    "9090, true, allowed"
  })
  void knows_strict_ports(int port, boolean identity, String expected) {
    Policy strictPort = deny(rule(clause(match().notPrincipals("*").ports(8080))));
    Policy permissivePort =
        deny(rule(clause(match().notPrincipals("*")), clause(match().notPorts(9090))));
    for (Policy policy : List.of(strictPort, permissivePort)) {
      Peer peer = new Peer(P.sourceIp(), identity ? T.identity() : null, at("127.0.0.2", port));
      assertThat(Authorizer.decide(view(policy), SERVER, peer))
          .isInstanceOf(expected.equals("denied") ? Verdict.Denied.class : Verdict.Allowed.class);
    }
  }

  @Test
  @DisplayName("l4-authorization 30: behind an application tunnel the tunnel's port counts")
  void asks_about_the_port_really_dialled() {
    Peer throughTunnel = new Peer(T.sourceIp(), T.identity(), at("10.0.0.3", 15088));
    assertThat(
            Authorizer.decide(
                view(allow(rule(clause(match().ports(15088))))), SERVER, throughTunnel))
        .isInstanceOf(Verdict.Allowed.class);
    assertThat(
            Authorizer.decide(view(allow(rule(clause(match().ports(80))))), SERVER, throughTunnel))
        .isInstanceOf(Verdict.Denied.class);
  }

  @Test
  void denies_an_unknown_destination() {
    assertThat(Authorizer.decide(view(), null, T))
        .isEqualTo(new Verdict.Denied(null, "workload not found", List.of()));
  }

  @Test
  @DisplayName("l4-authorization 31: behind a waypoint, its identity is the source")
  void behind_a_waypoint() {
    // The waypoint opened the stream: the client's identity is not what the tunnel proves.
    Peer waypoint =
        new Peer(
            ip("127.0.0.1"), new SpiffeId("td", "namespace", "waypoint"), at("127.0.0.2", 8080));
    Policy onlyTheClient = allow(rule(clause(match().principals("td/ns/namespace/sa/account"))));
    MeshView view = view((Object[]) new Policy[] {onlyTheClient});
    assertThat(Authorizer.decide(view, SERVER, T)).isInstanceOf(Verdict.Allowed.class);
    assertThat(Authorizer.decide(view, SERVER, waypoint)).isInstanceOf(Verdict.Denied.class);
  }
}
