package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.http.LocalReply;
import dev.ambit.model.http.RetryPolicy;
import dev.ambit.waypoint.exchange.ScriptedUpstreams.Next;
import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.upstream.Upstreams;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is tried again, when, how often, and what of the request goes along (http-routing §6). */
final class RetryTest {
  private static final Duration BACKOFF = Duration.ofSeconds(1);
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private ScriptedStream backend() {
    return stage.upstreams.last().stream;
  }

  private void retries(String retry) {
    stage.program(Stage.route("- backendRefs: [{name: echo, port: 80}]\n  retry: " + retry));
  }

  @Test
  void a_refused_connection_is_tried_elsewhere() {
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    ScriptedStream client = stage.get("/");
    assertThat(client.told).isEmpty();
    assertThat(stage.upstreams.tries.getFirst().told).containsExactly("failed");
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tried.getLast()).containsExactly("echo-a");
    assertThat(stage.upstreams.last().header("x-envoy-attempt-count")).isEqualTo("2");
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(stage.book.last().attempts).isEqualTo(2);
    assertThat(stage.book.outcome()).isEqualTo("200 - via_upstream");
  }

  @Test
  @DisplayName("traffic-policy 17: the default is three tries, then 503 UF")
  void the_default_gives_up_after_three_tries() {
    for (int i = 0; i < 3; i++) {
      stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    }
    ScriptedStream client = stage.get("/");
    stage.pass(BACKOFF);
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tries).hasSize(3);
    assertThat(client.body)
        .hasToString(
            "upstream connect error or disconnect/reset before headers. reset reason: connection"
                + " failure, transport failure reason: connection refused");
    assertThat(stage.book.outcome())
        .isEqualTo("503 URX,UF upstream_reset_before_response_started{connection_failure}");
    assertThat(stage.book.last().transportFailure).isEqualTo("connection refused");
  }

  @Test
  @DisplayName("traffic-policy 18: a refused stream is tried on another endpoint")
  void a_refused_stream_is_tried_again() {
    stage.get("/");
    backend().breaks(Reason.REFUSED);
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tries).hasSize(2);
    assertThat(stage.upstreams.tries.get(0).endpoint())
        .isNotEqualTo(stage.upstreams.tries.get(1).endpoint());
    backend().answersAll(200);
  }

  @Test
  @DisplayName("http-routing 17: codes [500], 500, 500, 200 is 200 after three tries")
  void codes_are_tried_again() {
    retries("{codes: [500], attempts: 3}");
    ScriptedStream client = stage.get("/");
    for (int i = 0; i < 2; i++) {
      backend().answers(500);
      assertThat(backend().reset).isEqualTo(Reason.CANCELLED);
      stage.pass(BACKOFF);
    }
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(stage.book.last().attempts).isEqualTo(3);
    assertThat(stage.upstreams.tries.getFirst().told).containsExactly("answered 500");
  }

  @Test
  @DisplayName("http-routing 17: attempts 0 returns the first 500")
  void no_attempts() {
    retries("{codes: [500], attempts: 0}");
    ScriptedStream client = stage.get("/");
    backend().answersAll(500);
    assertThat(client.told).containsExactly("response 500 end");
    assertThat(stage.book.outcome()).isEqualTo("500 - via_upstream");
  }

  @Test
  void the_last_answer_is_returned_when_tries_run_out() {
    retries("{codes: [500], attempts: 1}");
    ScriptedStream client = stage.get("/");
    backend().answers(500);
    stage.pass(BACKOFF);
    backend().answers(500);
    backend().sends("no luck");
    backend().ends();
    assertThat(client.body).hasToString("no luck");
    assertThat(stage.book.outcome()).isEqualTo("500 URX via_upstream");
  }

  @ParameterizedTest(name = "{0}: {1} {2} is tried again: {3}")
  @CsvSource({
    "5xx, 500, -1, true",
    "5xx, 499, -1, false",
    "gateway-error, 500, -1, false",
    "gateway-error, 502, -1, true",
    "retriable-4xx, 409, -1, true",
    "retriable-4xx, 404, -1, false",
    "'503,connect-failure', 503, -1, true",
    "'503,connect-failure', 500, -1, false",
    "cancelled, 200, 1, true",
    "deadline-exceeded, 200, 4, true",
    "resource-exhausted, 200, 8, true",
    "internal, 200, 13, true",
    "unavailable, 200, 14, true",
    "unavailable, 200, 13, false",
  })
  void conditions(String on, int status, int grpcStatus, boolean again) {
    stage.program(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: v, namespace: demo}
        spec:
          hosts: [echo]
          http:
          - route: [{destination: {host: echo}}]
            retries: {attempts: 1, retryOn: "%s"}
        """
            .formatted(on));
    ScriptedStream client = stage.sends("POST", "/", true, "content-type", "application/grpc");
    String[] headers =
        grpcStatus < 0 ? new String[0] : new String[] {"grpc-status", "" + grpcStatus};
    backend().answers(status, headers);
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tries).hasSize(again ? 2 : 1);
    if (again) {
      backend().answersAll(200);
    } else {
      backend().ends();
    }
    assertThat(client.told).hasSize(again ? 1 : 2);
  }

  @Test
  void the_body_goes_along() {
    retries("{codes: [503], attempts: 3}");
    ScriptedStream client = stage.post("/");
    client.sends("one");
    client.sends("two");
    backend().answers(503);
    stage.pass(BACKOFF);
    assertThat(backend().told).containsExactly("request POST /", "write one", "write two");
    client.sends("three");
    client.ends("x-sum", "3");
    assertThat(backend().told).endsWith("write three", "finish [x-sum=3]");
    backend().answers(503);
    stage.pass(BACKOFF);
    assertThat(backend().told)
        .containsExactly(
            "request POST /", "write one", "write two", "write three", "finish [x-sum=3]");
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
  }

  @Test
  void a_body_over_the_limit_is_not_sent_again() {
    retries("{codes: [503], attempts: 3}");
    ScriptedStream client = stage.post("/");
    client.sends("x".repeat(700_000));
    client.sends("y".repeat(700_000));
    backend().answers(503);
    stage.pass(BACKOFF);
    assertThat(client.told).containsExactly("response 503");
    backend().ends();
    client.ends();
    assertThat(stage.upstreams.tries).hasSize(1);
  }

  @Test
  void what_came_before_the_connection_goes_along_whatever_its_size() {
    stage.upstreams.script.addAll(List.of(Next.WAITS));
    ScriptedStream client = stage.post("/");
    client.sendsUnasked("z".repeat(2_000_000));
    stage
        .upstreams
        .last()
        .opening
        .setFailure(
            new Upstreams.Unreachable(
                LocalReply.CONNECT_FAILURE, new RetryPolicy.ConnectFailure(), "refused"));
    stage.run();
    stage.pass(BACKOFF);
    assertThat(backend().body).hasSize(2_000_000);
    client.ends();
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 200 end");
  }

  @Test
  void not_after_bytes_went_to_the_client() {
    retries("{codes: [503], attempts: 3}");
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    backend().breaks(Reason.REFUSED);
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tries).hasSize(1);
    assertThat(client.reset).isEqualTo(Reason.INTERNAL_ERROR);
  }

  @Test
  void not_when_the_cluster_allows_no_more() {
    stage.upstreams.mostRetries = 0;
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    ScriptedStream client = stage.get("/");
    assertThat(client.response.status()).isEqualTo(503);
    assertThat(stage.book.last().flags).isEqualTo("UO,UF");
  }

  @Test
  void a_retry_is_counted_while_it_lasts() {
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    stage.get("/");
    assertThat(stage.upstreams.retriesUnderWay).isEqualTo(1);
    stage.pass(BACKOFF);
    backend().answersAll(200);
    assertThat(stage.upstreams.retriesUnderWay).isZero();
  }

  @Test
  void a_client_that_goes_away_ends_the_waiting() {
    stage.upstreams.script.add(Next.REFUSES_CONNECTION);
    ScriptedStream client = stage.get("/");
    client.breaks(Reason.CONNECTION_LOST);
    stage.pass(BACKOFF);
    assertThat(stage.upstreams.tries).hasSize(1);
  }
}
