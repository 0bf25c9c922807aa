package dev.ambit.model.http;

import static dev.ambit.model.http.RouteFixture.ANY;
import static dev.ambit.model.http.RouteFixture.COMPILER;
import static dev.ambit.model.http.RouteFixture.PORT_80;
import static dev.ambit.model.http.RouteFixture.chosen;
import static dev.ambit.model.http.RouteFixture.forward;
import static dev.ambit.model.http.RouteFixture.get;
import static dev.ambit.model.http.RouteFixture.prefix;
import static dev.ambit.model.http.RouteFixture.request;
import static dev.ambit.model.http.RouteFixture.route;
import static dev.ambit.model.http.RouteFixture.rule;
import static dev.ambit.model.http.RouteFixture.table;
import static dev.ambit.model.http.RouteFixture.to;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.HttpRoute.Match;
import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.RouteFilter.HeaderChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteActionTest {
  private static String location(RouteFilter.Redirect to, Match match, String path, int port) {
    RouteTable table = table(route(rule(List.of(match), List.of(to))));
    HttpAttributes request = get(path);
    RouteEntry entry = table.route(request).orElseThrow();
    return ((RouteAction.Redirect) entry.action()).location(request, entry, port);
  }

  @ParameterizedTest(name = "http-routing 9: {0} {1} {2} on {3}: {4}")
  @CsvSource({
    "https, '', 0, 80, https://echo/x?q=1",
    "'', '', 8083, 80, http://echo:8083/x?q=1",
    "'', example.org, 0, 8080, http://example.org:8080/x?q=1",
    "'', example.org, 0, 80, http://example.org/x?q=1",
    "https, example.org, 443, 80, https://example.org/x?q=1",
    "https, '', 8443, 80, https://echo:8443/x?q=1",
  })
  void a_redirect_says_where(String scheme, String host, int port, int listener, String where) {
    var to = new RouteFilter.Redirect(scheme, host, null, port, 302);
    assertThat(location(to, ANY, "/x?q=1", listener)).isEqualTo(where);
  }

  @ParameterizedTest(name = "http-routing 10: {1} of {2} becomes {3}")
  @CsvSource({
    "true, /replacement-prefix, /original-prefix/lemon, http://echo/replacement-prefix/lemon",
    "true, /replacement-prefix/, /original-prefix/lemon, http://echo/replacement-prefix/lemon",
    "true, /replacement-prefix, /original-prefix, http://echo/replacement-prefix",
    "true, /, /original-prefix/x, http://echo/x",
    "false, /full, /original-prefix/x?a=b, http://echo/full?a=b",
  })
  void a_redirect_replaces_the_path(boolean prefix, String value, String path, String where) {
    RouteFilter.PathChange change =
        prefix ? new RouteFilter.PrefixMatch(value) : new RouteFilter.FullPath(value);
    var to = new RouteFilter.Redirect("", "", change, 0, 302);
    assertThat(location(to, prefix("/original-prefix"), path, 80)).isEqualTo(where);
  }

  @ParameterizedTest(name = "http-routing 11: {0} with {2} becomes {4}")
  @CsvSource({
    "/strip-prefix, true, /, /strip-prefix/three, /three",
    "/strip-prefix, true, /, /strip-prefix, /",
    "/prefix/one, true, /one, /prefix/one/two, /one/two",
    "/full, false, /one, /full/one/two?q=1, /one?q=1",
  })
  void a_rewrite_changes_the_path(
      String match, boolean prefix, String value, String path, String expected) {
    RouteFilter.PathChange change =
        prefix ? new RouteFilter.PrefixMatch(value) : new RouteFilter.FullPath(value);
    RouteTable table =
        table(
            route(
                rule(
                    List.of(prefix(match)),
                    List.of(new RouteFilter.Rewrite("", change)),
                    to("a", 1))));
    HttpAttributes request = get(path);
    RouteEntry entry = table.route(request).orElseThrow();
    RouteAction.Rewrite rewrite = ((RouteAction.Forward) entry.action()).rewrite();
    assertThat(rewrite).isNotNull();
    assertThat(rewrite.path(request, entry) + request.query()).isEqualTo(expected);
  }

  private static final class Headers implements HeaderEdits.Target {
    private final Map<String, List<String>> all = new HashMap<>();
    private String authority = "";

    @Override
    public void remove(String name) {
      all.remove(name);
    }

    @Override
    public void set(String name, String value) {
      all.put(name, new ArrayList<>(List.of(value)));
    }

    @Override
    public void add(String name, String value) {
      all.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
    }

    @Override
    public void authority(String value) {
      authority = value;
    }

    String joined(String name) {
      return String.join(",", all.getOrDefault(name, List.of()));
    }
  }

  private static RouteFilter headers(
      Map<String, String> set, Map<String, String> add, List<String> remove) {
    return new RouteFilter.RequestHeaders(new HeaderChange(set, add, remove));
  }

  private static Headers edited(RouteAction.@Nullable Share share) {
    Headers headers = new Headers();
    headers.add("x-add", "o");
    headers.add("x-gone", "o");
    assertThat(share).isNotNull();
    share.request().forEach(edits -> edits.applyTo(headers));
    return headers;
  }

  @Test
  @DisplayName("http-routing 12: headers are removed, set, added; host is the authority")
  void headers_are_edited() {
    RouteFilter filter =
        headers(
            Map.of("x-set", "n", "host", "other", ":path", "/no"),
            Map.of("x-add", "v"),
            List.of("x-gone"));
    RouteTable table = table(route(rule(List.of(ANY), List.of(filter), to("a", 1))));
    Headers headers = edited(forward(table, get("/")).choose(new Random(1)));
    assertThat(headers.joined("x-add")).isEqualTo("o,v");
    assertThat(headers.joined("x-set")).isEqualTo("n");
    assertThat(headers.all).doesNotContainKeys("x-gone", ":path", "host");
    assertThat(headers.authority).isEqualTo("other");
  }

  @Test
  @DisplayName("http-routing §4: one backend wins over its rule, several do not")
  void the_level_of_edits_depends_on_the_number_of_backends() {
    RouteFilter ofRule = headers(Map.of("x", "rule"), Map.of(), List.of());
    BackendReference backend =
        new BackendReference(
            "",
            "Service",
            "",
            "a",
            80,
            1,
            List.of(headers(Map.of("x", "backend"), Map.of(), List.of())));
    RouteTable alone = table(route(rule(List.of(ANY), List.of(ofRule), backend, to("b", 0))));
    assertThat(edited(forward(alone, get("/")).shares().getFirst()).joined("x"))
        .isEqualTo("backend");
    RouteTable several = table(route(rule(List.of(ANY), List.of(ofRule), backend, to("b", 1))));
    assertThat(edited(forward(several, get("/")).shares().getFirst()).joined("x"))
        .isEqualTo("rule");
  }

  private static HttpRoute timed(
      @Nullable Duration request, @Nullable Duration backend, HttpRoute.@Nullable Retry retry) {
    return route(
        new HttpRoute.Rule(
            "",
            List.of(ANY),
            List.of(),
            List.of(to("a", 1)),
            new HttpRoute.Timeouts(request, backend),
            retry));
  }

  @Test
  @DisplayName("http-routing 16: limits of request and try; without retry a try's limit is all")
  void timeouts_are_resolved() {
    Duration half = Duration.ofMillis(500);
    Duration fifth = Duration.ofMillis(200);
    var retry = new HttpRoute.Retry(List.of(), 3, null);
    assertThat(forward(table(timed(half, null, null)), get("/")).timeouts())
        .isEqualTo(new RouteTimeouts(half, null));
    RouteAction.Forward tried = forward(table(timed(null, fifth, retry)), get("/"));
    assertThat(tried.timeouts()).isEqualTo(new RouteTimeouts(null, fifth));
    assertThat(tried.retry().retries()).isEqualTo(3);
    assertThat(tried.retry().retriable(new RetryPolicy.TryTimedOut())).isTrue();
    assertThat(forward(table(timed(half, fifth, null)), get("/")).timeouts())
        .isEqualTo(new RouteTimeouts(fifth, null));
    assertThat(forward(table(timed(Duration.ZERO, null, null)), get("/")).timeouts())
        .isEqualTo(RouteTimeouts.NONE);
  }

  @Test
  @DisplayName("http-routing 17: listed codes are tried again, attempts 0 never")
  void retries_are_resolved() {
    var codes = new HttpRoute.Retry(List.of(500), 3, null);
    RetryPolicy policy = forward(table(timed(null, null, codes)), get("/")).retry();
    assertThat(policy.retriable(new RetryPolicy.Answered(500, -1))).isTrue();
    assertThat(policy.retriable(new RetryPolicy.Answered(503, -1))).isFalse();
    assertThat(policy.retriable(new RetryPolicy.ConnectFailure())).isTrue();
    var never = new HttpRoute.Retry(List.of(500), 0, null);
    RetryPolicy none = forward(table(timed(null, null, never)), get("/")).retry();
    assertThat(none.retries()).isZero();
    assertThat(none.retriable(new RetryPolicy.Answered(500, -1))).isFalse();
  }

  @Test
  @DisplayName("http-routing §6, traffic-policy 18: what the default policy tries again")
  void the_default_policy_is_careful() {
    RetryPolicy policy = RetryPolicy.DEFAULT;
    assertThat(policy.retries()).isEqualTo(2);
    assertThat(policy.retriable(new RetryPolicy.StreamRefused())).isTrue();
    assertThat(policy.retriable(new RetryPolicy.Answered(200, 14))).isTrue();
    assertThat(policy.retriable(new RetryPolicy.StreamReset(true))).isFalse();
    assertThat(policy.retriable(new RetryPolicy.TryTimedOut())).isFalse();
    assertThat(policy.retriable(new RetryPolicy.Answered(503, -1))).isFalse();
    Random random = new Random(3);
    for (int i = 0; i < 1000; i++) {
      assertThat(policy.backoff(1, random)).isBetween(Duration.ZERO, Duration.ofMillis(25));
      assertThat(policy.backoff(9, random)).isBetween(Duration.ZERO, Duration.ofMillis(250));
    }
  }

  @Test
  @DisplayName("http-routing §6: retryOn is a list of conditions and codes")
  void retry_on_is_read() {
    RetryPolicy policy = RetryPolicy.of(1, "gateway-error, 418,what", Duration.ofMillis(1));
    assertThat(policy.on()).containsExactly(RetryPolicy.On.GATEWAY_ERROR);
    assertThat(policy.codes()).containsExactly(418);
    assertThat(policy.retriable(new RetryPolicy.Answered(502, -1))).isTrue();
    assertThat(policy.retriable(new RetryPolicy.Answered(500, -1))).isFalse();
  }

  @Test
  @DisplayName("http-routing §6: grpc-timeout shortens, and counts alone without a limit")
  void grpc_timeouts_count() {
    assertThat(RouteTimeouts.grpcTimeout("100m")).isEqualTo(Duration.ofMillis(100));
    assertThat(RouteTimeouts.grpcTimeout("2S")).isEqualTo(Duration.ofSeconds(2));
    assertThat(RouteTimeouts.grpcTimeout("123456789S")).isNull();
    assertThat(RouteTimeouts.grpcTimeout("S")).isNull();
    Duration second = Duration.ofSeconds(1);
    assertThat(RouteTimeouts.NONE.overall(second)).isEqualTo(second);
    assertThat(new RouteTimeouts(second, null).overall(Duration.ofHours(1))).isEqualTo(second);
  }

  @Test
  @DisplayName("http-routing 19: a header value that cannot be sent makes the route unusable")
  void a_bad_header_value_is_a_problem() {
    RouteFilter filter = headers(Map.of("x", "a\u000bb"), Map.of(), List.of());
    CompiledRoute compiled =
        COMPILER.compile(route(rule(List.of(ANY), List.of(filter), to("a", 1))));
    assertThat(compiled.problems())
        .extracting(CompiledRoute.Problem::reason)
        .containsExactly("InvalidFilter");
    assertThat(chosen(table(PORT_80, List.of(compiled)), get("/"))).isEqualTo("echo");
  }

  @Test
  @DisplayName("http-routing §4: a filter nobody knows makes the route unusable")
  void an_unknown_filter_is_a_problem() {
    CompiledRoute compiled =
        COMPILER.compile(
            route(
                rule(
                    List.of(ANY),
                    List.of(new RouteFilter.Unsupported("ExtensionRef")),
                    to("a", 1))));
    assertThat(compiled.problems().getFirst().reason()).isEqualTo("InvalidFilter");
  }

  @Test
  @DisplayName("http-routing 21: mirrors take their share")
  void mirrors_take_their_share() {
    RouteFilter none = new RouteFilter.Mirror(to("copy", 1), 0, 100);
    RouteFilter half = new RouteFilter.Mirror(to("copy", 1), 1, 2);
    RouteFilter all = new RouteFilter.Mirror(to("copy", 1), 100, 100);
    RouteTable table = table(route(rule(List.of(ANY), List.of(none, half, all), to("a", 1))));
    List<RouteAction.Mirror> mirrors = forward(table, get("/")).mirrors();
    int[] counts = new int[3];
    Random random = new Random(5);
    for (int i = 0; i < 1000; i++) {
      for (int j = 0; j < 3; j++) {
        counts[j] += mirrors.get(j).takes(random) ? 1 : 0;
      }
    }
    assertThat(counts[0]).isZero();
    assertThat(counts[1]).isBetween(440, 560);
    assertThat(counts[2]).isEqualTo(1000);
  }

  @Test
  @DisplayName("http-routing 22: a preflight is answered, from elsewhere without headers")
  void preflights_are_answered() {
    RouteFilter filter =
        new RouteFilter.Cors(
            List.of("https://a.example", "https://*.b.example"),
            List.of("GET", "PUT"),
            List.of("x-token"),
            List.of("x-seen"),
            5,
            true);
    RouteTable table = table(route(rule(List.of(ANY), List.of(filter), to("a", 1))));
    CorsPolicy policy = table.route(get("/")).orElseThrow().cors();
    assertThat(policy).isNotNull();
    HttpAttributes asks =
        request(
            "OPTIONS",
            "echo",
            "/",
            "Origin",
            "https://x.b.example",
            "Access-Control-Request-Method",
            "PUT");
    assertThat(policy.decide(asks))
        .isEqualTo(
            new CorsPolicy.Answer(
                Map.of(
                    "access-control-allow-origin", "https://x.b.example",
                    "access-control-allow-credentials", "true",
                    "access-control-allow-methods", "GET,PUT",
                    "access-control-allow-headers", "x-token",
                    "access-control-max-age", "5")));
    HttpAttributes elsewhere =
        request(
            "OPTIONS",
            "echo",
            "/",
            "origin",
            "https://evil.example",
            "access-control-request-method",
            "PUT");
    assertThat(policy.decide(elsewhere)).isEqualTo(new CorsPolicy.Answer(Map.of()));
    CorsPolicy ofVirtualService = new CorsPolicy(policy.origins(), "", "", "", -1, false, true);
    assertThat(ofVirtualService.decide(elsewhere)).isEqualTo(new CorsPolicy.Continue(Map.of()));
    assertThat(policy.decide(get("/", "origin", "https://a.example")))
        .isEqualTo(
            new CorsPolicy.Continue(
                Map.of(
                    "access-control-allow-origin", "https://a.example",
                    "access-control-allow-credentials", "true",
                    "access-control-expose-headers", "x-seen")));
    assertThat(policy.decide(get("/"))).isEqualTo(new CorsPolicy.Continue(Map.of()));
  }

  @Test
  @DisplayName("http-routing 23: a redirect needs no backend")
  void a_redirect_needs_no_backend() {
    var to = new RouteFilter.Redirect("https", "", null, 0, 301);
    assertThat(chosen(table(route(rule(List.of(ANY), List.of(to)))), get("/"))).isEqualTo("301");
  }

  @ParameterizedTest
  @CsvSource({"400, 13", "401, 16", "403, 7", "404, 12", "503, 14", "429, 14", "500, 2"})
  @DisplayName("http-routing §5: what a gRPC client is told")
  void grpc_clients_are_told(int status, int grpcStatus) {
    assertThat(LocalReply.grpcStatus(status)).isEqualTo(grpcStatus);
  }

  @Test
  void faults_are_drawn() {
    Fault fault = new Fault(Duration.ofSeconds(1), 100, 418, -1, 50);
    Random random = new Random(2);
    int aborted = 0;
    for (int i = 0; i < 1000; i++) {
      Fault.Suffered suffered = fault.draw(random);
      assertThat(suffered.delay()).isEqualTo(Duration.ofSeconds(1));
      aborted += suffered.status() == 418 ? 1 : 0;
    }
    assertThat(aborted).isBetween(440, 560);
  }
}
