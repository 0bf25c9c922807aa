package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.http.HttpStream.Reason;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.RequestHead.Version;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A request that is sent on once: streaming, back-pressure, early answers, resets. */
final class ForwardingTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private ScriptedStream backend() {
    return stage.upstreams.last().stream;
  }

  @Test
  void a_request_goes_there_and_its_answer_comes_back() {
    ScriptedStream client = stage.get("/a?b=c", "x-own", "1");
    assertThat(backend().told).containsExactly("request GET /a?b=c end");
    assertThat(stage.upstreams.last().header("x-own")).isEqualTo("1");
    assertThat(stage.upstreams.last().head().authority()).isEqualTo("echo");
    stage.pass(Duration.ofMillis(7));
    backend().answers(200, "x-from", "backend", "server", "nginx");
    backend().sends("hello");
    backend().ends();
    assertThat(client.told).containsExactly("response 200", "write hello", "finish");
    assertThat(client.response.headers().entries())
        .extracting(Object::toString)
        .containsExactlyInAnyOrder(
            "x-from=backend", "server=istio-envoy", "x-envoy-upstream-service-time=7");
    assertThat(stage.book.outcome()).isEqualTo("200 - via_upstream");
    assertThat(stage.book.last().bytesSent).isEqualTo(5);
    assertThat(stage.book.last().attempts).isEqualTo(1);
    assertThat(stage.book.last().routeName).isEqualTo("default");
    assertThat(stage.upstreams.last().told).containsExactly("answered 200");
    assertThat(backend().reset).isNull();
  }

  @Test
  void a_head_that_is_all_ends_the_response_at_once() {
    ScriptedStream client = stage.get("/");
    backend().answersAll(204);
    assertThat(client.told).containsExactly("response 204 end");
  }

  @Test
  void a_body_streams_as_it_comes() {
    ScriptedStream client = stage.post("/");
    assertThat(backend().told).containsExactly("request POST /");
    client.sends("one");
    client.sends("two");
    client.ends();
    assertThat(backend().told)
        .containsExactly("request POST /", "write one", "write two", "finish");
    backend().answersAll(200);
    assertThat(stage.book.last().bytesReceived).isEqualTo(6);
  }

  @Test
  void a_slow_backend_stops_the_client() {
    ScriptedStream client = stage.post("/");
    backend().stalls();
    client.sends("one");
    assertThat(client.reads).isZero();
    assertThat(backend().told).containsExactly("request POST /");
    backend().drains();
    assertThat(backend().told).endsWith("write one");
    assertThat(client.reads).isEqualTo(1);
    client.ends();
    backend().answersAll(200);
  }

  @Test
  void a_slow_client_stops_the_backend() {
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    client.stalls();
    backend().sends("one");
    assertThat(backend().reads).isZero();
    client.drains();
    assertThat(backend().reads).isEqualTo(1);
    backend().ends();
  }

  @Test
  void a_client_is_not_read_while_the_connection_is_made() {
    stage.upstreams.script.add(ScriptedUpstreams.Next.WAITS);
    ScriptedStream client = stage.post("/");
    assertThat(client.reads).isZero();
    client.sendsUnasked("early");
    stage.upstreams.last().opening.setSuccess(backend());
    stage.run();
    assertThat(backend().told).containsExactly("request POST /", "write early");
    client.ends();
    backend().answersAll(200);
  }

  @Test
  void trailers_pass_both_ways() {
    ScriptedStream client = stage.post("/s.S/M", "content-type", "application/grpc");
    client.sends("\0\0\0\0\2hi\0\0\0\0\0\0");
    client.sends("\0\0\0\1x");
    client.ends("x-sum", "1");
    assertThat(backend().trailers.get("x-sum")).isEqualTo("1");
    backend().answers(200, "content-type", "application/grpc");
    backend().sends("\0\0\0\0\0");
    backend().ends("grpc-status", "5", "grpc-message", "gone");
    assertThat(client.told).endsWith("finish [grpc-status=5, grpc-message=gone]");
    assertThat(stage.book.last().grpcStatus).isEqualTo(5);
    assertThat(stage.book.last().requestMessages).isEqualTo(3);
    assertThat(stage.book.last().responseMessages).isEqualTo(1);
  }

  @Test
  @DisplayName("l7-telemetry 5: a gRPC failure in the head is a response of 200 with status 14")
  void trailers_only() {
    ScriptedStream client = stage.post("/s.S/M", "content-type", "application/grpc");
    client.ends();
    backend().answersAll(200, "content-type", "application/grpc", "grpc-status", "13");
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(stage.book.last().status).isEqualTo(200);
    assertThat(stage.book.last().grpcStatus).isEqualTo(13);
    assertThat(stage.upstreams.last().told).containsExactly("answered 500");
  }

  @Test
  void an_early_answer_stops_the_request_and_hears_the_client_out() {
    ScriptedStream client = stage.post("/");
    client.sends("begin");
    backend().answers(413);
    backend().ends();
    assertThat(client.told).containsExactly("response 413", "finish");
    assertThat(backend().reset).isEqualTo(Reason.CANCELLED);
    assertThat(stage.book.outcome()).isEqualTo("413 - via_upstream");
    client.sends("the rest");
    client.ends();
    stage.pass(Duration.ofMinutes(1));
    assertThat(client.reset).isNull();
  }

  @Test
  void a_client_that_goes_on_after_an_early_answer_is_cut_off() {
    ScriptedStream client = stage.post("/");
    client.sends("begin");
    backend().answersAll(413);
    stage.pass(Duration.ofSeconds(4));
    client.sends("more");
    assertThat(client.reset).isNull();
    stage.pass(Duration.ofSeconds(2));
    assertThat(client.reset).isEqualTo(Reason.CANCELLED);
  }

  @Test
  void a_response_may_begin_before_the_request_ends() {
    ScriptedStream client = stage.post("/");
    backend().answers(200);
    backend().sends("echo ");
    client.sends("more");
    assertThat(backend().told).endsWith("write more");
    client.ends();
    backend().ends();
    assertThat(client.body).hasToString("echo ");
  }

  @Test
  void a_client_that_goes_away_cancels_the_request() {
    ScriptedStream client = stage.get("/");
    client.breaks(Reason.CONNECTION_LOST);
    assertThat(backend().reset).isEqualTo(Reason.CANCELLED);
    assertThat(stage.book.outcome()).isEqualTo("0 DC downstream_remote_disconnect");
    assertThat(stage.upstreams.last().told).isEmpty();
  }

  @Test
  void a_client_that_goes_away_while_connecting_cancels_that() {
    stage.upstreams.script.add(ScriptedUpstreams.Next.WAITS);
    ScriptedStream client = stage.get("/");
    client.breaks(Reason.RESET);
    assertThat(stage.upstreams.last().opening.isCancelled()).isTrue();
  }

  @Test
  @DisplayName("traffic-policy 18: a reset in the middle is 503 UC and not tried again")
  void a_connection_that_breaks_before_the_head() {
    ScriptedStream client = stage.get("/");
    backend().breaks(Reason.CONNECTION_LOST);
    assertThat(client.response.status()).isEqualTo(503);
    assertThat(client.body)
        .hasToString(
            "upstream connect error or disconnect/reset before headers. reset reason:"
                + " connection termination");
    assertThat(stage.book.outcome())
        .isEqualTo("503 UC upstream_reset_before_response_started{connection_termination}");
    assertThat(stage.upstreams.last().told).containsExactly("failed");
    assertThat(stage.upstreams.tries).hasSize(1);
  }

  @Test
  void what_a_broken_stream_is_called() {
    stage.get("/");
    backend().breaks(Reason.RESET);
    assertThat(stage.book.outcome())
        .isEqualTo("503 UR upstream_reset_before_response_started{remote_reset}");
    stage.get("/");
    backend().breaks(Reason.PROTOCOL_ERROR);
    assertThat(stage.book.outcome())
        .isEqualTo("502 UPE upstream_reset_before_response_started{protocol_error}");
  }

  @Test
  void a_connection_that_breaks_after_the_head_breaks_the_response() {
    ScriptedStream client = stage.get("/");
    backend().answers(200);
    backend().sends("half");
    backend().breaks(Reason.CONNECTION_LOST);
    assertThat(client.told).containsExactly("response 200", "write half", "reset INTERNAL_ERROR");
    assertThat(stage.book.outcome())
        .isEqualTo("200 UC upstream_reset_after_response_started{connection_termination}");
  }

  @Test
  @DisplayName("traffic-policy 5: nobody healthy is 503 UH")
  void nobody_is_there() {
    stage.upstreams.script.add(ScriptedUpstreams.Next.IS_MISSING);
    ScriptedStream client = stage.get("/");
    assertThat(client.body).hasToString("no healthy upstream");
    assertThat(stage.book.outcome()).isEqualTo("503 UH no_healthy_upstream");
  }

  @Test
  @DisplayName("traffic-policy 2: overflow is 503 UO with x-envoy-overloaded")
  void overflow() {
    stage.upstreams.script.add(ScriptedUpstreams.Next.IS_FULL);
    ScriptedStream client = stage.get("/");
    assertThat(client.response.headers().get("x-envoy-overloaded")).isEqualTo("true");
    assertThat(stage.book.outcome())
        .isEqualTo("503 UO upstream_reset_before_response_started{overflow}");
  }

  @Test
  void informational_heads_pass_and_continue_is_ours() {
    ScriptedStream client = stage.post("/", "expect", "100-continue");
    assertThat(client.told).containsExactly("response 100");
    assertThat(stage.upstreams.last().header("expect")).isEmpty();
    client.ends();
    backend().answers(100);
    backend().answers(103, "link", "</style.css>");
    backend().answersAll(200);
    assertThat(client.told).containsExactly("response 100", "response 103", "response 200 end");
  }

  @Test
  void a_cookie_that_makes_the_client_stick_is_set() {
    ScriptedStream client = stage.get("/");
    stage.upstreams.last().cookie = "s=\"1\"; HttpOnly";
    backend().answersAll(200, "set-cookie", "own=1");
    assertThat(client.response.headers().getAll("set-cookie"))
        .containsExactly("own=1", "s=\"1\"; HttpOnly");
  }

  @Test
  void an_upgrade_turns_both_sides_into_bytes() {
    ScriptedStream client = upgrade("GET", Version.HTTP_1_1);
    assertThat(backend().told).containsExactly("request GET /chat");
    assertThat(client.reads).as("nothing is read before both agreed").isZero();
    backend().answers(101, "sec-websocket-accept", "x");
    assertThat(client.told).containsExactly("response 101");
    client.sends("ping");
    backend().sends("pong");
    backend().ends();
    assertThat(client.told).containsExactly("response 101", "write pong", "finish");
    assertThat(stage.book.ended).as("the client may still send").isEmpty();
    client.sends("bye");
    client.ends();
    assertThat(backend().told)
        .containsExactly("request GET /chat", "write ping", "write bye", "finish");
    assertThat(stage.book.outcome()).isEqualTo("101 - via_upstream");
    assertThat(backend().reset).isNull();
  }

  @Test
  void an_upgrade_over_http2_is_answered_with_200() {
    ScriptedStream client = upgrade("CONNECT", Version.HTTP_2);
    backend().answers(101);
    assertThat(client.told).containsExactly("response 200");
    client.ends();
    backend().ends();
    assertThat(stage.book.outcome()).isEqualTo("200 - via_upstream");
  }

  @Test
  void an_upgrade_may_be_declined() {
    ScriptedStream client = upgrade("GET", Version.HTTP_1_1);
    backend().answers(403);
    backend().ends();
    assertThat(backend().told).containsExactly("request GET /chat", "finish");
    assertThat(client.told).containsExactly("response 403", "finish");
    client.ends();
    assertThat(backend().reset).isNull();
  }

  @Test
  void no_upgrade_to_another_version_of_http() {
    RequestHead head = head("GET", "h2c", Version.HTTP_1_1);
    stage.sends(head, false);
    assertThat(stage.upstreams.last().head().upgrade()).isEmpty();
    assertThat(backend().told).containsExactly("request GET /chat end");
    backend().answersAll(200);
    ScriptedStream two = stage.sends(head("CONNECT", "http/2.0", Version.HTTP_2), false);
    assertThat(two.response.status()).isEqualTo(404);
    two.ends();
  }

  @Test
  void nobody_switches_protocols_unasked() {
    ScriptedStream client = stage.get("/");
    backend().answers(101);
    assertThat(client.response.status()).isEqualTo(502);
  }

  @Test
  void a_connect_that_is_no_upgrade_is_refused() {
    ScriptedStream client = stage.sends("CONNECT", "", false);
    assertThat(client.response.status()).isEqualTo(404);
    assertThat(stage.book.outcome()).isEqualTo("404 NR route_not_found");
    client.ends();
  }

  private ScriptedStream upgrade(String method, Version version) {
    return stage.sends(head(method, "websocket", version), false);
  }

  private static RequestHead head(String method, String upgrade, Version version) {
    return new RequestHead(
        method, "http", "echo", "/chat", ScriptedStream.headers(), upgrade, version);
  }
}
