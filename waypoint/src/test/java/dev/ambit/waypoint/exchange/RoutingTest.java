package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ambit.waypoint.http.HttpStream.Reason;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What rules do with requests (spec: http-routing §4, §5, §8, §9). */
final class RoutingTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private ScriptedStream backend() {
    return stage.upstreams.last().stream;
  }

  private void rules(String rules) {
    stage.program(Stage.route(rules));
  }

  private void virtual(String http) {
    stage.program(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: v, namespace: demo}
        spec:
          hosts: [echo]
          http:
        """
            + http.indent(2));
  }

  @Test
  void a_path_without_a_normal_form_is_refused() {
    ScriptedStream client = stage.get("/a#b");
    assertThat(client.response.status()).isEqualTo(400);
    assertThat(stage.book.outcome()).isEqualTo("400 - path_normalization_failed");
  }

  @Test
  void the_plain_path_is_what_is_sent() {
    stage.get("/a/../b/%7Ec?q=%2e");
    assertThat(stage.upstreams.last().head().target()).isEqualTo("/b/~c?q=%2e");
    assertThat(stage.upstreams.last().stream.request).isNotNull();
    backend().answersAll(200);
    assertThat(stage.book.last().originalTarget).isEqualTo("/a/../b/%7Ec?q=%2e");
  }

  @Test
  @DisplayName("threat-model SEC-063: what only a proxy may say is taken out")
  void client_headers() {
    stage.get(
        "/",
        "x-forwarded-client-cert",
        "By=me",
        "X-Envoy-Max-Retries",
        "99",
        "x-envoy-retry-on",
        "5xx",
        "x-forwarded-for",
        "1.2.3.4");
    ScriptedUpstreams.Picked sent = stage.upstreams.last();
    assertThat(sent.header("x-forwarded-client-cert")).isEmpty();
    assertThat(sent.header("x-envoy-max-retries")).isEmpty();
    assertThat(sent.header("x-envoy-retry-on")).isEmpty();
    assertThat(sent.header("x-forwarded-for")).isEqualTo("1.2.3.4");
    assertThat(sent.header("x-forwarded-proto")).isEqualTo("http");
    assertThat(sent.header("x-request-id")).isEqualTo("id-1");
    backend().answersAll(200);
  }

  @Test
  @DisplayName("l7-telemetry 11: the synthesised client certificate header replaces the client's")
  void client_certificate() {
    ExchangeSettings plain = ExchangeSettings.DEFAULT;
    stage.settings =
        new ExchangeSettings(
            plain.normalization(),
            Stage.OWN,
            0,
            plain.replayLimit(),
            plain.mirrorLimit(),
            plain.limits());
    stage.get("/", "x-forwarded-client-cert", "By=me");
    assertThat(stage.upstreams.last().header("x-forwarded-client-cert")).isEmpty();
    backend().answersAll(200);
    stage.tellsCallers = true;
    stage.get("/", "x-forwarded-client-cert", "By=me");
    assertThat(stage.upstreams.last().header("x-forwarded-client-cert"))
        .isEqualTo(
            "By=spiffe://cluster.local/ns/demo/sa/waypoint;"
                + "URI=spiffe://cluster.local/ns/demo/sa/client");
    backend().answersAll(200);
  }

  @Test
  @DisplayName("http-routing 6: 70/30/0 over 1000 requests")
  void weights() {
    rules(
        """
        - backendRefs:
          - {name: echo-v1, port: 80, weight: 70}
          - {name: echo-v2, port: 80, weight: 30}
          - {name: echo-v3, port: 80, weight: 0}
        """);
    Map<String, Integer> counts = counts(1000);
    assertThat(counts).containsOnlyKeys("echo-v1", "echo-v2");
    assertThat(counts.get("echo-v1")).isCloseTo(700, within(50));
  }

  private Map<String, Integer> counts(int requests) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < requests; i++) {
      counts.merge(stage.backend("/"), 1, Integer::sum);
    }
    return counts;
  }

  @Test
  @DisplayName("http-routing 7: a share of a missing backend gets 500")
  void missing_backend() {
    rules("- backendRefs: [{name: echo-v1, port: 80}, {name: missing, port: 80}]");
    Map<String, Integer> counts = counts(1000);
    assertThat(counts).containsOnlyKeys("500", "echo-v1");
    assertThat(counts.get("500")).isCloseTo(500, within(50));
    rules("- backendRefs: [{name: missing, port: 80}]");
    assertThat(counts(10)).containsOnlyKeys("500");
  }

  @Test
  @DisplayName("http-routing 8: no backendRefs is 500")
  void no_backend() {
    rules("- matches: [{path: {value: /}}]");
    assertThat(stage.backend("/")).isEqualTo("500");
    assertThat(stage.book.outcome()).isEqualTo("500 - direct_response");
  }

  @Test
  void a_cluster_that_is_gone() {
    rules("- backendRefs: [{name: gone, port: 80}]");
    assertThat(stage.backend("/")).isEqualTo("500");
    assertThat(stage.book.outcome()).isEqualTo("500 NC cluster_not_found");
    virtual("- route: [{destination: {host: gone}}]");
    assertThat(stage.backend("/")).isEqualTo("503");
    assertThat(stage.book.outcome()).isEqualTo("503 NC cluster_not_found");
  }

  @Test
  void no_rule_matches() {
    rules("- matches: [{path: {value: /a}}]\n  backendRefs: [{name: echo, port: 80}]");
    ScriptedStream client = stage.get("/b");
    assertThat(client.told).containsExactly("response 404 end");
    assertThat(client.response.headers().get("content-length")).isEqualTo("0");
    assertThat(stage.book.outcome()).isEqualTo("404 NR route_not_found");
  }

  @Test
  @DisplayName("http-routing §5: a local reply to gRPC is trailers only")
  void local_reply_to_grpc() {
    rules("- matches: [{path: {value: /a}}]\n  backendRefs: [{name: echo, port: 80}]");
    ScriptedStream client =
        stage.sends("POST", "/s.S/M", true, "content-type", "application/grpc+proto");
    assertThat(client.told).containsExactly("response 200 end");
    assertThat(client.response.headers().get("grpc-status")).isEqualTo("12");
    assertThat(client.response.headers().get("content-type")).isEqualTo("application/grpc");
    assertThat(stage.book.last().grpcStatus).isEqualTo(12);
  }

  @Test
  void a_local_reply_to_head_has_no_body() {
    stage.upstreams.script.add(ScriptedUpstreams.Next.IS_MISSING);
    ScriptedStream client = stage.sends("HEAD", "/", true);
    assertThat(client.told).containsExactly("response 503 end");
    assertThat(client.response.headers().get("content-length")).isEqualTo("19");
  }

  private String location(int port, String redirect, String target) {
    stage.onPort(
        port,
        Stage.route("- filters: [{type: RequestRedirect, requestRedirect: " + redirect + "}]"));
    ScriptedStream client = stage.get(target);
    return client.response.status() + " " + client.response.headers().get("location");
  }

  @Test
  @DisplayName("http-routing 9: redirects")
  void redirects() {
    assertThat(location(80, "{scheme: https}", "/x?q=1")).isEqualTo("302 https://echo/x?q=1");
    assertThat(location(80, "{port: 8083}", "/x")).isEqualTo("302 http://echo:8083/x");
    assertThat(location(8080, "{hostname: example.org, statusCode: 301}", "/x"))
        .isEqualTo("301 http://example.org:8080/x");
    assertThat(stage.upstreams.tries).isEmpty();
    assertThat(stage.book.outcome()).isEqualTo("301 - direct_response");
  }

  @Test
  @DisplayName("http-routing 11, gamma 25: rewritten paths")
  void rewrites() {
    rules(
        """
        - matches: [{path: {value: /prefix/one}}]
          filters: [{type: URLRewrite, urlRewrite: {hostname: other.example, path: \
        {type: ReplacePrefixMatch, replacePrefixMatch: /one}}}]
          backendRefs: [{name: echo, port: 80}]
        - matches: [{path: {value: /full}}]
          filters: [{type: URLRewrite, urlRewrite: {path: \
        {type: ReplaceFullPath, replaceFullPath: /one}}}]
          backendRefs: [{name: echo, port: 80}]
        """);
    stage.backend("/prefix/one/two");
    assertThat(stage.upstreams.last().head().target()).isEqualTo("/one/two");
    assertThat(stage.upstreams.last().head().authority()).isEqualTo("other.example");
    assertThat(stage.upstreams.last().header("x-envoy-original-path")).isEqualTo("/prefix/one/two");
    stage.backend("/full/one/two?q=1");
    assertThat(stage.upstreams.last().head().target()).isEqualTo("/one?q=1");
    assertThat(stage.book.last().originalTarget).isEqualTo("/full/one/two?q=1");
  }

  @Test
  @DisplayName("http-routing 12: header edits of requests and responses")
  void edits() {
    rules(
        """
        - filters:
          - type: RequestHeaderModifier
            requestHeaderModifier: {set: [{name: X-Set, value: s}], \
        add: [{name: X-Add, value: v}], remove: [X-GONE]}
          - type: ResponseHeaderModifier
            responseHeaderModifier: {set: [{name: X-Out, value: set}]}
          backendRefs: [{name: echo, port: 80}]
        """);
    ScriptedStream client = stage.get("/", "x-add", "o", "x-set", "old", "x-gone", "1");
    assertThat(stage.upstreams.last().header("x-add")).isEqualTo("o,v");
    assertThat(stage.upstreams.last().header("x-set")).isEqualTo("s");
    assertThat(stage.upstreams.last().header("x-gone")).isEmpty();
    backend().answersAll(200, "x-out", "backend");
    assertThat(client.response.headers().getAll("x-out")).containsExactly("set");
  }

  @Test
  void a_retry_does_not_add_twice() {
    rules(
        """
        - filters:
          - type: RequestHeaderModifier
            requestHeaderModifier: {add: [{name: X-Add, value: v}]}
          backendRefs: [{name: echo, port: 80}]
        """);
    stage.upstreams.script.add(ScriptedUpstreams.Next.REFUSES_CONNECTION);
    stage.get("/", "x-add", "o");
    stage.pass(Duration.ofSeconds(1));
    assertThat(stage.upstreams.last().header("x-add")).isEqualTo("o,v");
    backend().answersAll(200);
  }

  private void cors() {
    rules(
        """
        - filters: [{type: CORS, cors: {allowOrigins: ["https://ok.example"], \
        allowMethods: [GET], maxAge: 9}}]
          backendRefs: [{name: echo, port: 80}]
        """);
  }

  @Test
  @DisplayName("http-routing 22: a preflight is answered here, without headers to a wrong origin")
  void preflight() {
    cors();
    String[] from = {"origin", "https://ok.example", "access-control-request-method", "GET"};
    ScriptedStream client = stage.sends("OPTIONS", "/", true, from);
    assertThat(client.response.status()).isEqualTo(200);
    assertThat(client.response.headers().get("access-control-allow-origin"))
        .isEqualTo("https://ok.example");
    assertThat(client.response.headers().get("access-control-max-age")).isEqualTo("9");
    from[1] = "https://evil.example";
    ScriptedStream wrong = stage.sends("OPTIONS", "/", true, from);
    assertThat(wrong.response.status()).isEqualTo(200);
    assertThat(wrong.response.headers().contains("access-control-allow-origin")).isFalse();
    assertThat(stage.upstreams.tries).isEmpty();
  }

  @Test
  void an_actual_request_of_an_allowed_origin() {
    cors();
    ScriptedStream client = stage.get("/", "origin", "https://ok.example");
    backend().answersAll(200, "access-control-allow-origin", "own");
    assertThat(client.response.headers().getAll("access-control-allow-origin"))
        .containsExactly("https://ok.example");
  }

  @Test
  @DisplayName("http-routing §9: delays are DI, aborts FI")
  void faults() {
    virtual(
        """
        - match: [{uri: {prefix: /slow}}]
          fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}
          route: [{destination: {host: echo}}]
        - match: [{uri: {prefix: /both}}]
          fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}, \
        abort: {httpStatus: 418, percentage: {value: 100}}}
          route: [{destination: {host: echo}}]
        - match: [{uri: {prefix: /grpc}}]
          fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}
          route: [{destination: {host: echo}}]
        """);
    stage.get("/slow");
    stage.pass(Duration.ofMillis(1999));
    assertThat(stage.upstreams.tries).isEmpty();
    stage.pass(Duration.ofMillis(1));
    backend().answersAll(200);
    assertThat(stage.book.outcome()).isEqualTo("200 DI via_upstream");
    ScriptedStream aborted = stage.get("/both");
    stage.pass(Duration.ofSeconds(2));
    assertThat(aborted.body).hasToString("fault filter abort");
    assertThat(stage.book.outcome()).isEqualTo("418 DI,FI fault_filter_abort");
    ScriptedStream grpc = stage.get("/grpc", "content-type", "application/grpc");
    assertThat(grpc.response.headers().get("grpc-status")).isEqualTo("14");
    assertThat(stage.upstreams.tries).hasSize(1);
  }

  @Test
  void a_client_that_goes_away_during_a_delay() {
    virtual(
        """
        - fault: {delay: {fixedDelay: 2s, percentage: {value: 100}}}
          route: [{destination: {host: echo}}]
        """);
    ScriptedStream client = stage.get("/");
    client.breaks(Reason.CONNECTION_LOST);
    stage.pass(Duration.ofSeconds(3));
    assertThat(stage.upstreams.tries).isEmpty();
    assertThat(stage.book.outcome()).isEqualTo("0 DI,DC downstream_remote_disconnect");
  }

  @Test
  void a_direct_response() {
    virtual("- directResponse: {status: 503, body: {string: out to lunch}}");
    ScriptedStream client = stage.get("/");
    assertThat(client.told).containsExactly("response 503", "write out to lunch", "finish");
    assertThat(stage.book.outcome()).isEqualTo("503 - direct_response");
  }

  @Test
  void names_of_routes() {
    rules(
        """
        - name: mine
          matches: [{path: {value: /named}}]
          backendRefs: [{name: echo, port: 80}]
        - backendRefs: [{name: echo, port: 80}]
        """);
    stage.backend("/named");
    assertThat(stage.book.last().routeName).isEqualTo("mine");
    stage.backend("/");
    assertThat(stage.book.last().routeName).isEqualTo("demo.r.1");
  }

  @Test
  @DisplayName("gamma 27: a change of routes holds for the next request of an open connection")
  void a_change_of_routes() {
    rules("- backendRefs: [{name: echo-v1, port: 80}]");
    assertThat(stage.backend("/")).isEqualTo("echo-v1");
    rules("- backendRefs: [{name: echo-v2, port: 80}]");
    assertThat(stage.backend("/")).isEqualTo("echo-v2");
    stage.program();
    assertThat(stage.backend("/")).isEqualTo("echo");
  }
}
