package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.PathNormalization;
import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import dev.ambit.waypoint.http.HttpStream.Reason;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How long a request may take (spec: http-routing §6). */
final class TimeoutTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private ScriptedStream backend() {
    return stage.upstreams.last().stream;
  }

  private void rule(String more) {
    stage.program(Stage.route("- backendRefs: [{name: echo, port: 80}]\n" + more.indent(2)));
  }

  @Test
  @DisplayName("http-routing 16: request 500ms and a backend that sleeps is 504 UT")
  void overall() {
    rule("timeouts: {request: 500ms}");
    ScriptedStream client = stage.get("/");
    stage.pass(Duration.ofMillis(499));
    assertThat(client.told).isEmpty();
    stage.pass(Duration.ofMillis(1));
    assertThat(client.body).hasToString("upstream request timeout");
    assertThat(stage.book.outcome()).isEqualTo("504 UT response_timeout");
    assertThat(backend().reset).isEqualTo(Reason.CANCELLED);
    assertThat(stage.upstreams.last().told).containsExactly("failed");
  }

  @Test
  void it_runs_from_the_end_of_the_request() {
    rule("timeouts: {request: 500ms}");
    ScriptedStream client = stage.post("/");
    stage.pass(Duration.ofSeconds(10));
    client.sends("late");
    client.ends();
    stage.pass(Duration.ofMillis(400));
    assertThat(client.told).isEmpty();
    stage.pass(Duration.ofMillis(100));
    assertThat(client.response.status()).isEqualTo(504);
  }

  @Test
  void it_runs_to_the_end_of_the_response() {
    rule("timeouts: {request: 500ms}");
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    stage.pass(Duration.ofMillis(500));
    assertThat(client.reset).isEqualTo(Reason.INTERNAL_ERROR);
    assertThat(stage.book.outcome()).isEqualTo("200 UT response_timeout");
  }

  @Test
  @DisplayName("http-routing 16: backendRequest without retry is the overall limit")
  void per_try_without_retry() {
    rule("timeouts: {backendRequest: 200ms}");
    ScriptedStream client = stage.get("/");
    stage.pass(Duration.ofMillis(200));
    assertThat(client.response.status()).isEqualTo(504);
    assertThat(stage.upstreams.tries).hasSize(1);
  }

  @Test
  @DisplayName("http-routing 16: backendRequest 200ms with attempts 3 is four tries, then 504")
  void per_try() {
    rule("timeouts: {backendRequest: 200ms}\nretry: {attempts: 3}");
    ScriptedStream client = stage.get("/");
    for (int tries = 1; tries < 4; tries++) {
      assertThat(stage.upstreams.tries).hasSize(tries);
      stage.pass(Duration.ofMillis(200));
      assertThat(backend().reset).isEqualTo(Reason.CANCELLED);
      stage.pass(Duration.ofMillis(250));
    }
    assertThat(stage.upstreams.tries).hasSize(4);
    stage.pass(Duration.ofMillis(200));
    assertThat(client.response.status()).isEqualTo(504);
    assertThat(stage.book.outcome()).isEqualTo("504 URX,UT upstream_per_try_timeout");
  }

  @Test
  void all_tries_together_are_under_the_overall_limit() {
    rule("timeouts: {request: 300ms, backendRequest: 200ms}\nretry: {attempts: 3}");
    ScriptedStream client = stage.get("/");
    stage.pass(Duration.ofMillis(200));
    stage.pass(Duration.ofMillis(100));
    assertThat(client.response.status()).isEqualTo(504);
    assertThat(stage.book.outcome()).isEqualTo("504 UT response_timeout");
  }

  @Test
  void a_head_in_time_ends_the_limit_of_a_try() {
    rule("timeouts: {backendRequest: 200ms}\nretry: {attempts: 3}");
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    stage.pass(Duration.ofSeconds(1));
    backend().ends();
    assertThat(client.told).containsExactly("response 200", "finish");
  }

  @Test
  void the_limit_of_a_try_holds_while_it_connects() {
    rule("timeouts: {backendRequest: 200ms}\nretry: {attempts: 1}");
    stage.upstreams.script.add(Next.WAITS);
    stage.get("/");
    stage.pass(Duration.ofMillis(200));
    assertThat(stage.upstreams.tries.getFirst().opening.isCancelled()).isTrue();
    stage.pass(Duration.ofMillis(250));
    backend().answersAll(200);
    assertThat(stage.book.last().attempts).isEqualTo(2);
  }

  @Test
  void grpc_says_its_own() {
    ScriptedStream client =
        stage.sends("POST", "/", true, "content-type", "application/grpc", "grpc-timeout", "100m");
    stage.pass(Duration.ofMillis(100));
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(client.response.headers().get("grpc-status")).isEqualTo("14");
    assertThat(client.response.headers().get("grpc-message")).isEqualTo("upstream request timeout");
    assertThat(stage.book.outcome()).isEqualTo("200 UT response_timeout");
  }

  @Test
  void a_route_without_a_limit_waits() {
    ScriptedStream client = stage.get("/");
    stage.pass(Duration.ofDays(1));
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
  }

  @Test
  @DisplayName("threat-model SEC-081: a body that stands still for five minutes is 408")
  void slow_body() {
    ScriptedStream client = stage.post("/");
    stage.pass(Duration.ofMinutes(4));
    client.sends("x");
    stage.pass(Duration.ofMinutes(4));
    assertThat(client.told).isEmpty();
    stage.pass(Duration.ofMinutes(6));
    assertThat(client.told).startsWith("response 408");
    assertThat(stage.book.outcome()).isEqualTo("408 SI stream_idle_timeout");
    client.ends();
  }

  @Test
  void a_slow_backend_is_not_the_clients_fault() {
    ScriptedStream client = stage.post("/");
    backend().stalls();
    client.sends("x");
    stage.pass(Duration.ofMinutes(20));
    assertThat(client.told).isEmpty();
    backend().drains();
    client.ends();
    backend().answersAll(200);
  }

  @Test
  void a_stream_of_grpc_may_have_nothing_to_say() {
    ScriptedStream client = stage.post("/", "content-type", "application/grpc");
    stage.pass(Duration.ofHours(5));
    assertThat(client.told).isEmpty();
    client.ends();
    backend().answersAll(200);
  }

  private void limits(ExchangeSettings.Times times) {
    stage.settings = new ExchangeSettings(PathNormalization.BASE, "", 0, 1 << 20, 1 << 20, times);
  }

  @Test
  void an_idle_stream_ends_when_that_is_set() {
    Duration minute = Duration.ofMinutes(1);
    limits(
        new ExchangeSettings.Times(
            Duration.ZERO, minute, Duration.ZERO, Duration.ofSeconds(5), minute));
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    stage.pass(minute);
    backend().sends("still here");
    stage.pass(minute);
    assertThat(client.reset).isNull();
    stage.pass(minute);
    assertThat(client.reset).isEqualTo(Reason.INTERNAL_ERROR);
    assertThat(stage.book.last().flags).isEqualTo("SI");
  }

  @Test
  void a_stream_ends_after_its_longest_time_when_that_is_set() {
    Duration minute = Duration.ofMinutes(1);
    limits(
        new ExchangeSettings.Times(
            Duration.ZERO, Duration.ZERO, minute, Duration.ofSeconds(5), minute));
    ScriptedStream client = stage.get("/");
    stage.pass(minute);
    assertThat(client.response.status()).isEqualTo(504);
    assertThat(stage.book.outcome()).isEqualTo("504 UMSDR max_duration_timeout");
  }
}
