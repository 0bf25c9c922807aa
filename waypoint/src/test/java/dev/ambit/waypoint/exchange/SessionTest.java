package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients keep to an endpoint where a rule says so (Gateway API, GEP-1619). */
final class SessionTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private void rule(String session) {
    stage.program(
        Stage.route(
            """
            - sessionPersistence: %s
              backendRefs:
              - {name: echo-v1, port: 80}
              - {name: echo-v2, port: 80}
            """
                .formatted(session)));
  }

  /** What the client is told, "null" when nothing. */
  private String told(String header, String... request) {
    ScriptedStream client = stage.get("/", request);
    stage.upstreams.last().stream.answersAll(200);
    return String.valueOf(client.response.headers().get(header));
  }

  private String endpoint() {
    return stage.upstreams.last().endpoint().workload().uid();
  }

  @Test
  void a_cookie_keeps_the_client_at_its_share_and_endpoint() {
    rule("{sessionName: s}");
    String cookie = told("set-cookie");
    assertThat(cookie).startsWith("s=").endsWith("; Path=/; HttpOnly").doesNotContain("Max-Age");
    String first = endpoint();
    String value = cookie.substring(0, cookie.indexOf(';'));
    for (int i = 0; i < 20; i++) {
      assertThat(told("set-cookie", "cookie", "a=b; " + value)).isEqualTo("null");
      assertThat(endpoint()).isEqualTo(first);
    }
  }

  @Test
  void without_a_cookie_clients_are_spread() {
    rule("{sessionName: s}");
    Set<String> endpoints = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      told("set-cookie", "cookie", "s=made-up");
      endpoints.add(endpoint());
    }
    assertThat(endpoints).hasSize(4);
  }

  @Test
  void a_header_does_the_same() {
    rule("{sessionName: x-session, type: Header}");
    String value = told("x-session");
    String first = endpoint();
    for (int i = 0; i < 20; i++) {
      told("x-session", "x-session", value);
      assertThat(endpoint()).isEqualTo(first);
    }
  }

  @Test
  void a_permanent_cookie_has_the_age_of_the_session() {
    rule("{sessionName: s, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}");
    assertThat(told("set-cookie")).contains("; Max-Age=3600; ");
  }

  @Test
  void a_session_that_is_over_begins_anew() {
    rule("{sessionName: s, absoluteTimeout: 1h}");
    long second = Stage.NOW.getEpochSecond();
    Session.Token old =
        new Session.Token(Stage.host("echo-v1") + "|80|", "echo-v1-a", second - 3601, second - 5);
    assertThat(told("set-cookie", "cookie", "s=" + old.print())).startsWith("s=");
    Session.Token young =
        new Session.Token(Stage.host("echo-v1") + "|80|", "echo-v1-a", second - 3600, second);
    assertThat(told("set-cookie", "cookie", "s=" + young.print())).isEqualTo("null");
    assertThat(endpoint()).isEqualTo("echo-v1-a");
  }

  @Test
  void an_idle_session_ends_and_one_in_use_goes_on() {
    rule("{sessionName: s, idleTimeout: 5m}");
    long second = Stage.NOW.getEpochSecond();
    String backend = Stage.host("echo-v2") + "|80|";
    Session.Token used = new Session.Token(backend, "echo-v2-b", second - 9999, second - 300);
    String next = told("set-cookie", "cookie", "s=" + used.print());
    assertThat(endpoint()).isEqualTo("echo-v2-b");
    assertThat(next)
        .startsWith("s=" + new Session.Token(backend, "echo-v2-b", second - 9999, second).print());
  }

  @Test
  void an_endpoint_that_failed_is_left() {
    rule("{sessionName: s}");
    String cookie = told("set-cookie");
    String first = endpoint();
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    ScriptedStream client = stage.get("/", "cookie", cookie.substring(0, cookie.indexOf(';')));
    assertThat(endpoint()).isEqualTo(first);
    stage.upstreams.script.add(Next.TAKES);
    stage.pass(Duration.ofSeconds(1));
    stage.upstreams.last().stream.answersAll(200);
    assertThat(client.response.status()).isEqualTo(200);
  }

  @Test
  void nonsense_is_no_session() {
    assertThat(Session.Token.parse("%%%")).isNull();
    assertThat(Session.Token.parse("bm9uc2Vuc2U")).isNull();
    assertThat(Session.Token.parse("a".repeat(5000))).isNull();
    assertThat(Session.Token.parse(null)).isNull();
  }
}
