package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.auth.ExternalAuthorizer.Passed;
import dev.ambit.waypoint.auth.ExternalAuthorizer.Refused;
import dev.ambit.waypoint.http.HttpStream.Reason;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who may send what: external checks, tokens, policies, limits (spec: l7-authorization §2). */
final class AccessTest {
  private static final String TOKENS =
      """
      apiVersion: security.istio.io/v1
      kind: RequestAuthentication
      metadata: {name: t, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: echo}]
        jwtRules:
        - issuer: iss
          jwks: '{"keys": []}'
          outputClaimToHeaders: [{header: x-sub, claim: sub}]
      """;
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private ScriptedStream backend() {
    return stage.upstreams.last().stream;
  }

  private static String policy(String action, String more) {
    return """
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: p, namespace: demo}
    spec:
      targetRefs: [{group: "", kind: Service, name: echo}]
      action: %s
    """
            .formatted(action)
        + more.indent(2);
  }

  @Test
  @DisplayName("l7-authorization 2, 3: DENY overrides ALLOW, with the policy in the details")
  void denied() {
    stage.program(policy("DENY", "rules: [{to: [{operation: {paths: [/admin*]}}]}]"));
    assertThat(stage.backend("/x")).isEqualTo("echo");
    ScriptedStream client = stage.get("/adminx");
    assertThat(client.response.status()).isEqualTo(403);
    assertThat(client.body).hasToString("RBAC: access denied");
    assertThat(client.response.headers().get("content-type")).isEqualTo("text/plain");
    assertThat(stage.book.outcome())
        .isEqualTo("403 - rbac_access_denied_matched_policy[ns[demo]-policy[p]-rule[0]]");
    assertThat(stage.book.last().deniedBy).isEqualTo("demo/p");
  }

  @Test
  @DisplayName("l7-authorization 1: ALLOW with no rules denies everything")
  void nothing_allowed() {
    stage.program(policy("ALLOW", ""));
    assertThat(stage.backend("/")).isEqualTo("403");
    assertThat(stage.book.outcome()).isEqualTo("403 - rbac_access_denied_matched_policy[none]");
  }

  @Test
  void a_denied_grpc_call_has_status_7() {
    stage.program(policy("ALLOW", ""));
    ScriptedStream client = stage.get("/s.S/M", "content-type", "application/grpc");
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(client.response.headers().get("grpc-status")).isEqualTo("7");
    assertThat(client.response.headers().get("grpc-message")).isEqualTo("RBAC: access denied");
  }

  @Test
  @DisplayName("l7-authorization 13: /public/../admin is /admin")
  void the_plain_path_is_judged() {
    stage.program(policy("DENY", "rules: [{to: [{operation: {paths: [/admin]}}]}]"));
    assertThat(stage.backend("/public/../admin")).isEqualTo("403");
    assertThat(stage.backend("/%61dmin")).isEqualTo("403");
  }

  @Test
  void a_denied_request_with_a_body_is_heard_out() {
    stage.program(policy("ALLOW", ""));
    ScriptedStream client = stage.post("/", "expect", "100-continue");
    assertThat(client.told).startsWith("response 403");
    client.sends("body");
    client.ends();
  }

  @Test
  @DisplayName("l7-authorization 15: tokens")
  void tokens() {
    stage.program(TOKENS);
    assertThat(stage.backend("/")).isEqualTo("echo");
    ScriptedStream old = stage.get("/x?q", "authorization", "Bearer h.iss/me.old");
    assertThat(old.response.status()).isEqualTo(401);
    assertThat(old.body).hasToString("Jwt is expired");
    assertThat(old.response.headers().get("www-authenticate"))
        .isEqualTo("Bearer realm=\"http://echo/x\", error=\"invalid_token\"");
    assertThat(stage.book.outcome()).isEqualTo("401 - jwt_authn_access_denied{Jwt_is_expired}");
    ScriptedStream other = stage.get("/", "authorization", "Bearer h.other/me.good");
    assertThat(other.body).hasToString("Jwt issuer is not configured");
    ScriptedStream bad = stage.get("/", "authorization", "Bearer h.iss/me.bad");
    assertThat(bad.body).hasToString("Jwt verification fails");
  }

  @Test
  void a_good_token_is_taken_out_and_its_claims_are_shown() {
    stage.program(TOKENS);
    stage.get("/", "authorization", "Bearer h.iss/me.good", "x-sub", "root");
    assertThat(stage.upstreams.last().header("authorization")).isEmpty();
    assertThat(stage.upstreams.last().header("x-sub")).isEqualTo("me");
    backend().answersAll(200);
    stage.get("/?a=1&access_token=h.iss/me.good&b=2");
    assertThat(stage.upstreams.last().head().target()).isEqualTo("/?a=1&b=2");
    backend().answersAll(200);
  }

  @Test
  void a_claim_that_is_no_header_is_not_shown() {
    stage.program(TOKENS);
    stage.get("/", "authorization", "Bearer h.iss/me~x-evil: 1.good");
    assertThat(stage.upstreams.last().header("x-sub")).isEmpty();
    backend().answersAll(200);
    stage.get("/", "authorization", "Bearer h.iss/J\u00fcrgen.good");
    assertThat(stage.upstreams.last().header("x-sub")).isEqualTo("J\u00c3\u00bcrgen");
    backend().answersAll(200);
  }

  @Test
  void a_claim_header_of_the_client_is_never_believed() {
    stage.program(TOKENS);
    stage.get("/", "x-sub", "root");
    assertThat(stage.upstreams.last().header("x-sub")).isEmpty();
    backend().answersAll(200);
  }

  @Test
  @DisplayName("l7-authorization 15: requestPrincipals need the token")
  void principals() {
    String needs = "rules: [{from: [{source: {requestPrincipals: [iss/sub-1]}}]}]";
    stage.program(TOKENS, policy("ALLOW", needs));
    assertThat(stage.backend("/")).isEqualTo("403");
    assertThat(stage.backend("/", "authorization", "Bearer h.iss/sub-1.good")).isEqualTo("echo");
    assertThat(stage.backend("/", "authorization", "Bearer h.iss/sub-2.good")).isEqualTo("403");
  }

  private void custom() {
    stage.program(
        policy(
            "CUSTOM", "provider: {name: checker}\nrules: [{to: [{operation: {paths: [/c*]}}]}]"));
  }

  @Test
  void a_check_that_passes() {
    custom();
    ScriptedStream client = stage.get("/c", "x-secret", "1");
    assertThat(stage.upstreams.tries).isEmpty();
    stage.external.says(
        new Passed(
            ScriptedStream.headers("x-user", "me"),
            List.of("x-secret"),
            ScriptedStream.headers("x-checked", "yes")));
    stage.run();
    assertThat(stage.upstreams.last().header("x-user")).isEqualTo("me");
    assertThat(stage.upstreams.last().header("x-secret")).isEmpty();
    assertThat(stage.upstreams.last().header("x-request-id")).isEqualTo("id-1");
    backend().answersAll(200);
    assertThat(client.response.headers().get("x-checked")).isEqualTo("yes");
  }

  @Test
  void a_check_that_refuses() {
    custom();
    ScriptedStream client = stage.get("/c");
    byte[] body = "login first".getBytes(StandardCharsets.UTF_8);
    stage.external.says(
        new Refused(302, ScriptedStream.headers("location", "/login"), body, "not logged in"));
    stage.run();
    assertThat(client.response.status()).isEqualTo(302);
    assertThat(client.response.headers().get("location")).isEqualTo("/login");
    assertThat(client.body).hasToString("login first");
    assertThat(stage.book.outcome()).isEqualTo("302 UAEX ext_authz_denied");
    assertThat(stage.book.last().deniedBy).isEqualTo("not logged in");
  }

  @Test
  void nobody_is_asked_about_other_paths() {
    custom();
    assertThat(stage.backend("/other")).isEqualTo("echo");
    assertThat(stage.external.asked).isEmpty();
  }

  @Test
  void a_check_sees_the_start_of_the_body_and_all_of_it_goes_on() {
    custom();
    stage.external.wanted = 4;
    ScriptedStream client = stage.post("/c");
    client.sends("ab");
    assertThat(stage.external.asked).isEmpty();
    client.sends("cdef");
    assertThat(stage.external.asked).containsExactly("[checker] abcd");
    stage.external.says(new Passed(ScriptedStream.headers(), List.of(), ScriptedStream.headers()));
    stage.run();
    client.ends();
    assertThat(backend().body).hasToString("abcdef");
    backend().answersAll(200);
  }

  @Test
  void a_client_that_goes_away_while_it_is_checked() {
    custom();
    ScriptedStream client = stage.get("/c");
    client.breaks(Reason.CONNECTION_LOST);
    stage.external.says(new Passed(ScriptedStream.headers(), List.of(), ScriptedStream.headers()));
    stage.run();
    assertThat(stage.upstreams.tries).isEmpty();
  }

  @Test
  @DisplayName("l7-authorization 16: an unknown provider refuses")
  void unknown_provider() {
    stage.program(policy("CUSTOM", "provider: {name: nobody}\nrules: [{}]"));
    ScriptedStream client = stage.get("/");
    assertThat(client.body).hasToString("RBAC: access denied");
    assertThat(stage.book.last().deniedBy).contains("nobody");
  }

  @Test
  void a_local_limit() {
    stage.limits =
        (caller, route, request) ->
            request.path().equals("/busy") ? ScriptedStream.headers("x-limit", "1") : null;
    assertThat(stage.backend("/")).isEqualTo("echo");
    ScriptedStream client = stage.get("/busy");
    assertThat(client.body).hasToString("local_rate_limited");
    assertThat(client.response.headers().get("x-limit")).isEqualTo("1");
    assertThat(stage.book.outcome()).isEqualTo("429 RL local_rate_limited");
  }
}
