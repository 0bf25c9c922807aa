package dev.ambit.model.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAuthorizer.Chain;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.AuthorizationPolicy.Action;
import dev.ambit.model.object.AuthorizationPolicy.Condition;
import dev.ambit.model.object.AuthorizationPolicy.Operation;
import dev.ambit.model.object.AuthorizationPolicy.Rule;
import dev.ambit.model.object.AuthorizationPolicy.Source;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.policy.PolicyKey;
import dev.ambit.model.policy.Verdict;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpAuthorizerTest {
  private static final HttpAuthorizer.Mesh MESH =
      new HttpAuthorizer.Mesh(Set.of("cluster.local", "old.local"), Set.of("opa"), false);
  private static final Rule ALL = new Rule(List.of(), List.of(), List.of());

  private static AuthorizationPolicy policy(String name, Action action, Rule... rules) {
    return dryRun("", name, action, rules);
  }

  private static AuthorizationPolicy dryRun(
      String dryRun, String name, Action action, Rule... rules) {
    Metadata metadata =
        new Metadata(
            "n", name, "", Map.of(), Map.of("istio.io/dry-run", dryRun), Instant.EPOCH, "");
    String provider = action == Action.CUSTOM ? name : "";
    return new AuthorizationPolicy(
        metadata, Map.of(), List.of(), action, provider, Arrays.asList(rules));
  }

  private static Rule to(String field, String... values) {
    return new Rule(List.of(), List.of(new Operation(Map.of(field, List.of(values)))), List.of());
  }

  private static Rule from(String field, String... values) {
    return new Rule(List.of(new Source(Map.of(field, List.of(values)))), List.of(), List.of());
  }

  private static Rule when(String key, List<String> values, List<String> notValues) {
    return new Rule(List.of(), List.of(), List.of(new Condition(key, values, notValues)));
  }

  private static HttpSubject subject(@Nullable HttpAttributes request) {
    return subject(request, "cluster.local/ns/a/sa/b", null);
  }

  private static HttpSubject subject(
      @Nullable HttpAttributes request, String principal, @Nullable JwtClaims claims) {
    return new HttpSubject(
        request,
        SpiffeId.parse("spiffe://" + principal).orElse(null),
        InetAddress.ofLiteral("10.0.0.1"),
        InetAddress.ofLiteral("192.0.2.1"),
        new InetSocketAddress(InetAddress.ofLiteral("10.1.0.1"), 80),
        "",
        claims);
  }

  private static HttpAttributes path(String path) {
    return RouteFixture.get(path);
  }

  private static boolean allowed(HttpSubject subject, AuthorizationPolicy... policies) {
    return verdict(Chain.HTTP, subject, policies) instanceof Verdict.Allowed;
  }

  private static Verdict verdict(
      Chain chain, HttpSubject subject, AuthorizationPolicy... policies) {
    return HttpAuthorizer.of(Arrays.asList(policies), MESH, chain).decide(subject).verdict();
  }

  private static boolean matches(Rule rule, HttpSubject subject) {
    return allowed(subject, policy("p", Action.ALLOW, rule));
  }

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

  @ParameterizedTest(name = "l7-authorization 8: {0} of {1} matches: {2}")
  @CsvSource({
    "cluster.local/ns/a/sa/b, cluster.local/ns/a/sa/b, true",
    "cluster.local/ns/a/sa/b, cluster.local/ns/a/sa/c, false",
    "old.local/ns/a/sa/b, cluster.local/ns/a/sa/b, true",
    "cluster.local/ns/a/*, old.local/ns/a/sa/b, true",
    "other/ns/a/sa/b, cluster.local/ns/a/sa/b, false",
    "*/sa/b, cluster.local/ns/a/sa/b, true",
    "*, cluster.local/ns/a/sa/b, true",
    "*, none, false",
  })
  void principals_match(String value, String principal, boolean matches) {
    HttpSubject subject = subject(path("/"), principal, null);
    assertThat(matches(from("principals", value), subject)).isEqualTo(matches);
    assertThat(matches(from("notPrincipals", value), subject)).isEqualTo(!matches);
  }

  @ParameterizedTest(name = "l7-authorization 9: {0} of {1} matches: {2}")
  @CsvSource({
    "team-*, team-x, true",
    "team-*, a-team, false",
    "*-x, team-x, true",
    "t*-x, team-x, true",
    "team-x, team-x, true",
  })
  void namespaces_have_stars_anywhere(String value, String namespace, boolean matches) {
    HttpSubject subject = subject(path("/"), "cluster.local/ns/" + namespace + "/sa/b", null);
    assertThat(matches(from("namespaces", value), subject)).isEqualTo(matches);
  }

  @ParameterizedTest(name = "l7-authorization 10: {0} of {1} matches: {2}")
  @CsvSource({
    "b, cluster.local/ns/n/sa/b, true",
    "b, cluster.local/ns/m/sa/b, false",
    "b, cluster.local/ns/n/sa/b-junk, false",
    "m/b, cluster.local/ns/m/sa/b, true",
    "m/b, none, false",
  })
  void a_bare_service_account_is_of_the_namespace_of_the_policy(
      String value, String principal, boolean matches) {
    HttpSubject subject = subject(path("/"), principal, null);
    assertThat(matches(from("serviceAccounts", value), subject)).isEqualTo(matches);
  }

  @ParameterizedTest(name = "l7-authorization 11: {0} of {1} matches: {2}")
  @CsvSource({
    "Example.com:8080, example.com:8080, true",
    "example.com, example.com:8080, false",
    "*.EXAMPLE.com, a.example.com, true",
    "example.*, Example.org, true",
  })
  void hosts_ignore_case_and_have_ports(String value, String host, boolean matches) {
    HttpSubject subject = subject(RouteFixture.request("GET", host, "/"));
    assertThat(matches(to("hosts", value), subject)).isEqualTo(matches);
  }

  @ParameterizedTest(name = "l7-authorization 12: {0} of {1} matches: {2}")
  @CsvSource({
    "/a/{*}/c, /a/b/c, true",
    "/a/{*}/c, /a/b/d/c, false",
    "/a/{*}/c, /a//c, false",
    "/a/{*}, /a/b, true",
    "/a/{*}, /a/, false",
    "/a/{*}, /a/b/c, false",
    "/a/{**}, /a/, true",
    "/a/{**}, /a/b/c, true",
    "/a/{**}, /b/a/c, false",
    "/foo/{**}, /foo/x?y, true",
    "/{*}/x/{**}, /1/x/y/z, true",
    "/a/{*}.js, /a/b.js, true",
    "/a/{*}.js, /a/.js, false",
    "/a/{**}.js, /a/b/c.js, true",
  })
  void templates_match(String value, String path, boolean matches) {
    assertThat(matches(to("paths", value), subject(path(path)))).isEqualTo(matches);
  }

  @ParameterizedTest
  @CsvSource({
    "/a{*}",
    "/{**}/{*}",
    "/{**}/{**}",
    "/{x}",
    "/a/{*}x/{*}",
    "/a/{*}x/y",
    "/a/{*",
    "/a/}*",
    "/{*}/*"
  })
  @DisplayName("l7-authorization §3: a wrong template drops an ALLOW and widens a DENY")
  void wrong_templates_fail_closed(String value) {
    assertThat(allowed(subject(path("/a")), policy("p", Action.ALLOW, to("paths", value))))
        .isFalse();
    assertThat(allowed(subject(path("/a")), policy("p", Action.DENY, to("paths", value))))
        .isFalse();
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
  @DisplayName("l7-authorization 14: an absent header meets notValues and no values")
  void an_absent_header_meets_not_values() {
    String key = "request.headers[X-Test]";
    assertThat(matches(when(key, List.of(), List.of("a")), subject(path("/")))).isTrue();
    assertThat(matches(when(key, List.of("*"), List.of()), subject(path("/")))).isFalse();
    HttpSubject has = subject(RouteFixture.get("/", "x-test", "a"));
    assertThat(matches(when(key, List.of(), List.of("a")), has)).isFalse();
    assertThat(matches(when(key, List.of("a"), List.of()), has)).isTrue();
    assertThat(matches(when(key, List.of("*"), List.of("a")), has)).isFalse();
  }

  private static JwtClaims token(String subject) {
    return new JwtClaims(
        Map.of(
            "iss", new JwtClaims.Text("https://i.example/x"),
            "sub", new JwtClaims.Text(subject),
            "aud", new JwtClaims.Texts(List.of("one", "two")),
            "azp", new JwtClaims.Text("app"),
            "realm",
                new JwtClaims.Nested(Map.of("roles", new JwtClaims.Texts(List.of("r1", "r2"))))));
  }

  @ParameterizedTest(name = "l7-authorization 15: {0} matches: {1}")
  @CsvSource({
    "*, true",
    "https://i.example/x/sub-1, true",
    "https://i.example/x/sub-2, false",
    "*/sub-1, true",
    "https://i.example/x/*, true",
    "https://i.*, false",
    "*-1, true",
    "*-2, false",
    "sub-1, false",
  })
  void request_principals_match(String value, boolean matches) {
    HttpSubject with = subject(path("/"), "cluster.local/ns/a/sa/b", token("sub-1"));
    assertThat(matches(from("requestPrincipals", value), with)).isEqualTo(matches);
    assertThat(matches(from("requestPrincipals", value), subject(path("/")))).isFalse();
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

  @ParameterizedTest
  @CsvSource({
    "request.auth.audiences, two, true",
    "request.auth.audiences, three, false",
    "request.auth.presenter, app, true",
    "request.auth.claims[realm][roles], r2, true",
    "request.auth.claims[realm][roles], r*, true",
    "request.auth.claims[realm][roles], x, false",
    "request.auth.claims[realm], x, false",
    "request.auth.claims[sub], s, true",
    "request.auth.principal, https://i.example/x/s, true",
    "source.ip, 10.0.0.0/8, true",
    "remote.ip, 192.0.2.1, true",
    "remote.ip, 10.0.0.0/8, false",
    "destination.ip, 10.1.0.1, true",
    "destination.port, 80, true",
    "destination.port, 81, false",
    "source.namespace, a, true",
    "source.serviceAccount, a/b, true",
    "source.trustDomain, cluster.*, true",
    "source.principal, cluster.local/ns/a/sa/b, true",
    "connection.sni, '*', false",
  })
  @DisplayName("l7-authorization §3: what a condition compares")
  void conditions_match(String key, String value, boolean matches) {
    HttpSubject subject = subject(path("/"), "cluster.local/ns/a/sa/b", token("s"));
    assertThat(matches(when(key, List.of(value), List.of()), subject)).isEqualTo(matches);
    assertThat(matches(when(key, List.of(), List.of(value)), subject)).isEqualTo(!matches);
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
