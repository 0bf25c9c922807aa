package dev.ambit.model.http;

import static dev.ambit.model.http.AuthorizationFixture.ALL;
import static dev.ambit.model.http.AuthorizationFixture.MESH;
import static dev.ambit.model.http.AuthorizationFixture.allowed;
import static dev.ambit.model.http.AuthorizationFixture.dryRun;
import static dev.ambit.model.http.AuthorizationFixture.from;
import static dev.ambit.model.http.AuthorizationFixture.path;
import static dev.ambit.model.http.AuthorizationFixture.policy;
import static dev.ambit.model.http.AuthorizationFixture.subject;
import static dev.ambit.model.http.AuthorizationFixture.to;
import static dev.ambit.model.http.AuthorizationFixture.token;
import static dev.ambit.model.http.AuthorizationFixture.verdict;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAuthorizer.Chain;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.AuthorizationPolicy.Condition;
import dev.ambit.model.object.AuthorizationPolicy.Operation;
import dev.ambit.model.object.AuthorizationPolicy.Rule;
import dev.ambit.model.object.AuthorizationPolicy.Source;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpAuthorizerTest {
  @Test
  @DisplayName("l7-authorization 1: no policy allows, ALLOW without rules denies all")
  void nothing_allows_and_an_empty_allow_denies() {
    assertThat(allowed(subject(path("/")))).isTrue();
    assertThat(allowed(subject(path("/")), policy("p", Action.ALLOW))).isFalse();
    assertThat(allowed(subject(path("/")), policy("p", Action.DENY))).isTrue();
  }

  @ParameterizedTest(name = "l7-authorization 2: {0} is allowed: {1}")
  @CsvSource({"/x, true", "/admin, false", "/adminx, false"})
  void deny_goes_before_an_allow_of_everything(String path, boolean allowed) {
    assertThat(
            allowed(
                subject(path(path)),
                policy("all", Action.ALLOW, ALL),
                policy("admin", Action.DENY, to("paths", "/admin*"))))
        .isEqualTo(allowed);
  }

  @Test
  @DisplayName("l7-authorization 3: DENY overrides ALLOW, and says which rule")
  void a_denial_names_its_rule() {
    Verdict verdict =
        verdict(
            Chain.HTTP,
            subject(path("/x")),
            policy("a", Action.ALLOW, to("paths", "/x")),
            policy("d", Action.DENY, to("paths", "/y"), to("methods", "GET")));
    assertThat(verdict)
        .isEqualTo(
            new Verdict.Denied(
                new PolicyKey("n", "d"),
                "rbac_access_denied_matched_policy[ns[n]-policy[d]-rule[1]]",
                List.of()));
    assertThat(
            verdict(Chain.HTTP, subject(path("/z")), policy("a", Action.ALLOW, to("paths", "/x"))))
        .isEqualTo(new Verdict.Denied(null, "rbac_access_denied_matched_policy[none]", List.of()));
  }

  @Test
  @DisplayName("l7-authorization 13: a path is compared in its plain form")
  void paths_are_normalised() {
    AuthorizationPolicy deny = policy("p", Action.DENY, to("paths", "/admin"));
    assertThat(allowed(subject(path("/public/../admin")), deny)).isFalse();
    assertThat(allowed(subject(path("//admin")), deny)).isTrue();
    HttpAttributes merged =
        HttpAttributes.of("GET", "http", "a", "//admin", _ -> null, PathNormalization.MERGE_SLASHES)
            .orElseThrow();
    assertThat(allowed(subject(merged), deny)).isFalse();
  }

  @Test
  @DisplayName("l7-authorization 15: a path can be open while the rest wants a token")
  void a_path_can_be_open() {
    AuthorizationPolicy policy =
        policy("p", Action.ALLOW, from("requestPrincipals", "*"), to("paths", "/healthz"));
    assertThat(allowed(subject(path("/healthz")), policy)).isTrue();
    assertThat(allowed(subject(path("/x")), policy)).isFalse();
    AuthorizationPolicy deny = policy("d", Action.DENY, from("notRequestPrincipals", "*"));
    assertThat(allowed(subject(path("/x")), deny)).isFalse();
    assertThat(allowed(subject(path("/x"), "none", token("s")), deny)).isTrue();
  }

  @Test
  @DisplayName("l7-authorization 16: CUSTOM asks its provider; one that is not known refuses")
  void custom_asks_or_refuses() {
    AuthorizationPolicy opa = policy("opa", Action.CUSTOM, to("paths", "/x"));
    AuthorizationPolicy other = policy("other", Action.CUSTOM, to("paths", "/y"));
    assertThat(custom("/x", opa)).isEqualTo(new HttpAuthorizer.Ask(List.of("opa")));
    assertThat(custom("/z", opa)).isEqualTo(new HttpAuthorizer.NoneToAsk());
    assertThat(custom("/y", other)).isInstanceOf(HttpAuthorizer.CannotAsk.class);
    assertThat(custom("/x", opa, other)).isInstanceOf(HttpAuthorizer.CannotAsk.class);
    assertThat(custom("/z", opa, other)).isEqualTo(new HttpAuthorizer.NoneToAsk());
    assertThat(allowed(subject(path("/x")), opa)).isTrue();
  }

  private static HttpAuthorizer.Custom custom(String path, AuthorizationPolicy... policies) {
    return HttpAuthorizer.of(Arrays.asList(policies), MESH, Chain.HTTP).custom(subject(path(path)));
  }

  @Test
  @DisplayName("l7-authorization 20: a dry run changes nothing and is noted; AUDIT is noted")
  void dry_runs_and_audits_are_noted() {
    HttpAuthorizer.Decision decision =
        HttpAuthorizer.of(
                List.of(
                    dryRun("true", "d", Action.DENY, ALL), dryRun("what", "e", Action.AUDIT, ALL)),
                MESH,
                Chain.HTTP)
            .decide(subject(path("/")));
    assertThat(decision.verdict())
        .isEqualTo(
            new Verdict.Allowed(
                null,
                List.of(
                    new Verdict.DryRun(
                        new PolicyKey("n", "d"),
                        dev.ambit.model.policy.Policy.Action.DENY,
                        true))));
    assertThat(decision.audited()).containsExactly(new PolicyKey("n", "e"));
  }

  @Test
  @DisplayName("l7-authorization 21: a waypoint obeys trustDomains")
  void trust_domains_are_obeyed() {
    AuthorizationPolicy deny = policy("p", Action.DENY, from("trustDomains", "other"));
    assertThat(allowed(subject(path("/"), "other/ns/a/sa/b", null), deny)).isFalse();
    assertThat(allowed(subject(path("/")), deny)).isTrue();
  }

  @Test
  @DisplayName("l7-authorization §2: HTTP fields on connections narrow ALLOW and widen DENY")
  void http_fields_on_connections_fail_closed() {
    Rule methodAndPort =
        new Rule(
            List.of(),
            List.of(new Operation(Map.of("methods", List.of("GET"), "ports", List.of("80")))),
            List.of());
    Rule otherPort =
        new Rule(
            List.of(),
            List.of(new Operation(Map.of("methods", List.of("GET"), "ports", List.of("81")))),
            List.of());
    HttpSubject connection = subject(null);
    assertThat(verdict(Chain.TCP, connection, policy("p", Action.ALLOW, methodAndPort)))
        .isInstanceOf(Verdict.Denied.class);
    assertThat(verdict(Chain.TCP, connection, policy("p", Action.DENY, methodAndPort)))
        .isInstanceOf(Verdict.Denied.class);
    assertThat(verdict(Chain.TCP, connection, policy("p", Action.DENY, otherPort)))
        .isInstanceOf(Verdict.Allowed.class);
    assertThat(verdict(Chain.TCP, connection, policy("p", Action.DENY, to("methods", "GET"))))
        .isInstanceOf(Verdict.Denied.class);
  }

  @ParameterizedTest(name = "l7-authorization 23: {0} {1} with {2} is allowed: {3}")
  @CsvSource({
    "GET, /allowed, '', true",
    "GET, /denied, '', false",
    "GET, /allowed-identity, '', true",
    "GET, /denied-identity, '', false",
    "GET, /explicit-deny, '', false",
    "GET, /allowed-wildcardXX, '', true",
    "GET, /headers, match, true",
    "GET, /headers, do-not-match, false",
    "GET, /headers, '', false",
    "POST, /whatever, '', true",
    "POST, /explicit-deny, '', false",
  })
  void the_policies_of_the_reference_suite(
      String method, String path, String header, boolean allowed) {
    Source client = new Source(Map.of("principals", List.of("cluster.local/ns/a/sa/b")));
    Source someoneElse = new Source(Map.of("principals", List.of("cluster.local/ns/a/sa/else")));
    AuthorizationPolicy allow =
        policy(
            "allow",
            Action.ALLOW,
            get(List.of(), "/allowed", List.of()),
            get(List.of(client), "/allowed-identity", List.of()),
            get(List.of(someoneElse), "/denied-identity", List.of()),
            get(List.of(), "/allowed-wildcard*", List.of()),
            get(
                List.of(),
                "/headers",
                List.of(
                    new Condition(
                        "request.headers[x-test-header]",
                        List.of("match"),
                        List.of("do-not-match")))),
            to("methods", "POST"));
    AuthorizationPolicy deny = policy("deny", Action.DENY, to("paths", "/explicit-deny"));
    HttpAttributes request =
        header.isEmpty()
            ? RouteFixture.request(method, "echo", path)
            : RouteFixture.request(method, "echo", path, "x-test-header", header);
    assertThat(allowed(subject(request), allow, deny)).isEqualTo(allowed);
  }

  private static Rule get(List<Source> from, String path, List<Condition> when) {
    Operation operation = new Operation(Map.of("methods", List.of("GET"), "paths", List.of(path)));
    return new Rule(from, List.of(operation), when);
  }

  @Test
  void an_explanation_says_what_spoke_against_the_nearest_rule() {
    HttpAuthorizer authorizer =
        HttpAuthorizer.of(
            List.of(
                policy(
                    "p",
                    Action.ALLOW,
                    new Rule(
                        List.of(new Source(Map.of("principals", List.of("x/ns/y/sa/z")))),
                        List.of(new Operation(Map.of("paths", List.of("/other")))),
                        List.of()),
                    to("paths", "/a", "/b"))),
            MESH,
            Chain.HTTP);
    HttpAuthorizer.Explanation explanation = authorizer.explain(subject(path("/x")));
    assertThat(explanation.considered())
        .containsExactly(
            new HttpAuthorizer.Considered(
                new PolicyKey("n", "p"),
                Action.ALLOW,
                -1,
                "paths: got \"/x\", expected one of \"/a\", \"/b\""));
    assertThat(authorizer.explain(subject(path("/a"))).considered().getFirst().matchedRule())
        .isEqualTo(1);
  }
}
