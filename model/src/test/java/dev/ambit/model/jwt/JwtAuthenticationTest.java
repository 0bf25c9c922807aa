package dev.ambit.model.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.http.PathNormalization;
import dev.ambit.model.jwt.JwtAuthentication.Accepted;
import dev.ambit.model.jwt.JwtAuthentication.NoToken;
import dev.ambit.model.jwt.JwtAuthentication.Outcome;
import dev.ambit.model.jwt.JwtAuthentication.Parsed;
import dev.ambit.model.jwt.JwtAuthentication.Rejected;
import dev.ambit.model.jwt.JwtAuthentication.Signature;
import dev.ambit.model.object.RequestAuthentication.InCookie;
import dev.ambit.model.object.RequestAuthentication.InHeader;
import dev.ambit.model.object.RequestAuthentication.JwtRule;
import dev.ambit.model.object.RequestAuthentication.Output;
import dev.ambit.model.object.RequestAuthentication.TokenPlace;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JwtAuthenticationTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Output PLAIN =
      new Output(false, "x-payload", Map.of("x-scope", "scope"), List.of("scope"));

  /** Tokens are {@code issuer,signature,seconds to live}. */
  private static final JwtAuthentication.Tokens TOKENS =
      new JwtAuthentication.Tokens() {
        @Override
        public @Nullable Parsed parse(String token) {
          String[] parts = token.split(",", -1);
          return parts.length != 3
              ? null
              : new Parsed(
                  new JwtClaims(
                      Map.of(
                          "iss", new JwtClaims.Text(parts[0]),
                          "sub", new JwtClaims.Text("s"),
                          "scope", new JwtClaims.Text("read write"),
                          "aud", new JwtClaims.Texts(List.of("one")))),
                  NOW.plusSeconds(Long.parseLong(parts[2])),
                  NOW.plusSeconds(Math.min(0, Long.parseLong(parts[2]))));
        }

        @Override
        public Signature verify(JwtRule rule, String token) {
          return Signature.valueOf(token.split(",", -1)[1]);
        }
      };

  private static JwtRule rule(String issuer, List<String> audiences, TokenPlace... from) {
    return new JwtRule(
        issuer, audiences, "", "", Arrays.asList(from), PLAIN, Duration.ofSeconds(5));
  }

  private static HttpAttributes request(String method, String target, String... headers) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      map.put(headers[i], headers[i + 1]);
    }
    return HttpAttributes.of(method, "http", "echo", target, map::get, PathNormalization.BASE)
        .orElseThrow();
  }

  private static Outcome decide(HttpAttributes request, JwtRule... rules) {
    return new JwtAuthentication(Arrays.asList(rules), TOKENS).decide(request, NOW);
  }

  private static Outcome bearer(String token, JwtRule... rules) {
    return decide(request("GET", "/", "authorization", "Bearer " + token), rules);
  }

  @Test
  @DisplayName("l7-authorization 15: no token passes")
  void no_token_passes() {
    assertThat(decide(request("GET", "/"), rule("i", List.of()))).isEqualTo(new NoToken());
    assertThat(decide(request("GET", "/", "authorization", "Basic x"), rule("i", List.of())))
        .isEqualTo(new NoToken());
    assertThat(bearer("i,BAD,9")).as("no rule").isEqualTo(new NoToken());
  }

  @ParameterizedTest(name = "l7-authorization 15: {0} is {1} {2}")
  @CsvSource({
    "'i,GOOD,-61', 401, Jwt is expired",
    "'j,GOOD,9', 401, Jwt issuer is not configured",
    "'i,BAD,9', 401, Jwt verification fails",
    "'i,NO_KEYS,9', 401, Jwks remote fetch is failed",
    "junk, 401, Jwt is not in the form of Header.Payload.Signature",
    "'k,GOOD,9', 403, Audiences in Jwt are not allowed",
  })
  void bad_tokens_are_rejected(String token, int status, String body) {
    assertThat(bearer(token, rule("i", List.of()), rule("k", List.of("two"))))
        .isEqualTo(new Rejected(status, body));
  }

  @Test
  @DisplayName("l7-authorization §6: a good token is taken out and leaves what was asked for")
  void a_good_token_is_accepted() {
    Outcome outcome = bearer("i,GOOD,-59", rule("j", List.of()), rule("i", List.of("one", "two")));
    assertThat(outcome).isInstanceOf(Accepted.class);
    Accepted accepted = (Accepted) outcome;
    assertThat(accepted.claims().principal()).contains("i/s");
    assertThat(accepted.claims().values(List.of("scope"))).containsExactly("read", "write");
    assertThat(accepted.all().getFirst().isRemoved()).isTrue();
    assertThat(accepted.all().getFirst().headers())
        .containsEntry("x-scope", "read,write")
        .containsKey("x-payload");
    assertThat(new Rejected(401, "x").challenge("http://echo/a"))
        .isEqualTo("Bearer realm=\"http://echo/a\", error=\"invalid_token\"");
  }

  @Test
  @DisplayName("l7-authorization §6: tokens are looked for where rules say, each must be valid")
  void tokens_are_looked_for() {
    JwtRule header = rule("i", List.of(), new InHeader("x-token", "T "));
    JwtRule cookie = rule("j", List.of(), new InCookie("c"));
    assertThat(decide(request("GET", "/", "x-token", "T i,GOOD,9"), header, cookie))
        .isInstanceOf(Accepted.class);
    assertThat(
            decide(request("GET", "/", "x-token", "T i,GOOD,9", "cookie", "c=j"), header, cookie))
        .isInstanceOf(Rejected.class);
    assertThat(bearer("i,BAD,9", header, cookie)).as("elsewhere").isEqualTo(new NoToken());
    assertThat(decide(request("GET", "/?access_token=i,GOOD,9"), rule("i", List.of())))
        .isInstanceOf(Accepted.class);
  }

  @Test
  @DisplayName("http-routing §8: a preflight needs no token")
  void a_preflight_needs_no_token() {
    assertThat(
            decide(
                request(
                    "OPTIONS",
                    "/",
                    "origin",
                    "https://a",
                    "access-control-request-method",
                    "GET",
                    "authorization",
                    "Bearer junk"),
                rule("i", List.of())))
        .isEqualTo(new NoToken());
  }
}
