package dev.ambit.model.http;

import static dev.ambit.model.http.AuthorizationFixture.allowed;
import static dev.ambit.model.http.AuthorizationFixture.from;
import static dev.ambit.model.http.AuthorizationFixture.matches;
import static dev.ambit.model.http.AuthorizationFixture.path;
import static dev.ambit.model.http.AuthorizationFixture.policy;
import static dev.ambit.model.http.AuthorizationFixture.subject;
import static dev.ambit.model.http.AuthorizationFixture.to;
import static dev.ambit.model.http.AuthorizationFixture.token;
import static dev.ambit.model.http.AuthorizationFixture.when;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.AuthorizationPolicy.Action;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the fields of a policy compare. */
class RuleCheckTest {
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
}
