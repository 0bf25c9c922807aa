package dev.ambit.waypoint.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.ambit.waypoint.http.RequestHead;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mesh tests of the Gateway API re-told from route object to backend (gamma-conformance). */
final class GammaTest {
  private final Stage stage = new Stage();

  @AfterEach
  void nothingIsLeftBehind() {
    stage.close();
  }

  private String responseHeader(String target, String name) {
    ScriptedStream client = stage.get(target);
    stage.upstreams.last().stream.answersAll(200);
    return String.valueOf(client.response.headers().get(name));
  }

  @Test
  @DisplayName("gamma 1: MeshBasic")
  void basic() {
    assertThat(stage.backend("/")).isEqualTo("echo");
  }

  @Test
  @DisplayName("gamma 2: MeshTrafficSplit")
  void split() {
    stage.program(
        Stage.route(
            """
            - matches: [{path: {type: Exact, value: /v1}}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{path: {type: Exact, value: /v2}}]
              backendRefs: [{name: echo-v2, port: 80}]
            """));
    assertThat(stage.backend("/v1")).isEqualTo("echo-v1");
    assertThat(stage.backend("/v2")).isEqualTo("echo-v2");
  }

  @Test
  @DisplayName("gamma 3, 4: MeshFrontend, whatever the Host header says")
  void frontend() {
    stage.program(
        Stage.route(
            """
            - filters: [{type: ResponseHeaderModifier, responseHeaderModifier: \
            {set: [{name: X-Header-Set, value: set}]}}]
              backendRefs: [{name: echo-v2, port: 80}]
            """));
    assertThat(responseHeader("/", "x-header-set")).isEqualTo("set");
    ScriptedStream client =
        stage.sends(
            new RequestHead(
                "GET",
                "http",
                "echo-v1",
                "/",
                ScriptedStream.headers(),
                "",
                RequestHead.Version.HTTP_1_1),
            true);
    assertThat(stage.upstreams.last().head().authority()).isEqualTo("echo-v1");
    stage.upstreams.last().stream.answersAll(200);
    assertThat(client.response.headers().get("x-header-set")).isEqualTo("set");
  }

  @Test
  @DisplayName("gamma 5: MeshPorts")
  void ports() {
    String onPort80 =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: r, namespace: demo}
        spec:
          parentRefs: [{group: "", kind: Service, name: echo, port: 80}]
          rules:
          - filters: [{type: ResponseHeaderModifier, responseHeaderModifier: \
        {set: [{name: X-Header-Set, value: v1}]}}]
            backendRefs: [{name: echo-v1, port: 80}]
        """;
    stage.onPort(80, onPort80);
    assertThat(responseHeader("/", "x-header-set")).isEqualTo("v1");
    stage.onPort(8080, onPort80);
    assertThat(responseHeader("/", "x-header-set")).isEqualTo("null");
  }

  @Test
  @DisplayName("gamma 6: MeshConsumerRoute is not claimed: a consumer's route changes nothing")
  void consumer() {
    stage.program(
        Stage.route("- backendRefs: [{name: echo-v2, port: 80}]")
            .replace("namespace: demo", "namespace: consumer")
            .replace("name: echo}", "name: echo, namespace: demo}"));
    assertThat(stage.backend("/")).isEqualTo("echo");
  }

  @Test
  @DisplayName("gamma 10: MeshHTTPRouteNamedRule")
  void named() {
    stage.program(
        Stage.route(
            """
            - name: named-rule
              matches: [{path: {value: /named}}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{path: {value: /unnamed}}]
              backendRefs: [{name: echo-v2, port: 80}]
            """));
    assertThat(stage.backend("/named")).isEqualTo("echo-v1");
    assertThat(stage.backend("/unnamed")).isEqualTo("echo-v2");
  }

  @Test
  @DisplayName("gamma 7: MeshHTTPRouteSimpleSameNamespace")
  void simple() {
    stage.program(Stage.route("- backendRefs: [{name: echo-v1, port: 80}]"));
    assertThat(stage.backend("/")).isEqualTo("echo-v1");
  }

  @ParameterizedTest(name = "gamma 8: {0} version={1} goes to {2}")
  @CsvSource({
    "/, '', echo-v1",
    "/example, '', echo-v1",
    "/, one, echo-v1",
    "/v2example, '', echo-v1",
    "/foo/v2/example, '', echo-v1",
    "/v2, '', echo-v2",
    "/v2/, '', echo-v2",
    "/v2/example, '', echo-v2",
    "/, two, echo-v2"
  })
  void matching(String path, String version, String backend) {
    stage.program(
        Stage.route(
            """
            - matches: [{path: {value: /}}, {headers: [{name: version, value: one}]}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{path: {value: /v2}}, {headers: [{name: version, value: two}]}]
              backendRefs: [{name: echo-v2, port: 80}]
            """));
    String[] headers = version.isEmpty() ? new String[0] : new String[] {"version", version};
    assertThat(stage.backend(path, headers)).isEqualTo(backend);
  }

  @ParameterizedTest(name = "gamma 9: {0} version={1} is {2}")
  @CsvSource({
    "/?animal=whale, '', echo-v1",
    "/?animal=dolphin, '', echo-v2",
    "/?color=blue&animal=whale, '', echo-v1",
    "/?color=blue, '', 404",
    "/?animal=dog, '', 404",
    "/?animal=whaledolphin, '', 404",
    "/, '', 404",
    "/path1?animal=whale, '', echo-v1",
    "/?animal=whale, one, echo-v2",
    "/path5?animal=hydra, '', echo-v1"
  })
  void query(String target, String version, String result) {
    stage.program(
        Stage.route(
            """
            - matches: [{queryParams: [{name: animal, value: whale}]}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{queryParams: [{name: animal, value: dolphin}]}]
              backendRefs: [{name: echo-v2, port: 80}]
            - matches: [{path: {value: /path1}, queryParams: [{name: animal, value: whale}]}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{headers: [{name: version, value: one}], \
            queryParams: [{name: animal, value: whale}]}]
              backendRefs: [{name: echo-v2, port: 80}]
            - matches: [{path: {value: /path5}}]
              backendRefs: [{name: echo-v1, port: 80}]
            - matches: [{queryParams: [{name: animal, value: hydra}]}]
              backendRefs: [{name: echo-v2, port: 80}]
            """));
    String[] headers = version.isEmpty() ? new String[0] : new String[] {"version", version};
    assertThat(stage.backend(target, headers)).isEqualTo(result);
  }

  @Test
  @DisplayName("gamma 11: MeshHTTPRouteWeight")
  void weight() {
    stage.program(
        Stage.route(
            """
            - backendRefs:
              - {name: echo-v1, port: 80, weight: 70}
              - {name: echo-v2, port: 80, weight: 30}
            """));
    int first = 0;
    for (int i = 0; i < 500; i++) {
      first += stage.backend("/").equals("echo-v1") ? 1 : 0;
    }
    assertThat(first).isCloseTo(350, within(25 + 10));
  }

  @ParameterizedTest(name = "gamma 12, 13: {0} edits")
  @CsvSource({"rule", "backend"})
  void request_headers(String level) {
    String edits =
        """
        filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{name: X-Header-Set, value: set-overwrites}]
            add: [{name: X-Header-Add, value: add-appends}, {name: X-New, value: n}]
            remove: [X-Header-Remove]
        """;
    boolean rule = level.equals("rule");
    String backend = "  - name: echo-v1\n    port: 80\n";
    stage.program(Stage.route("- backendRefs:\n" + backend + edits.indent(rule ? 2 : 4)));
    stage.backend(
        "/",
        "x-header-set",
        "some",
        "x-header-add",
        "some",
        "X-HEADER-REMOVE",
        "x",
        "other",
        "stays");
    ScriptedUpstreams.Picked sent = stage.upstreams.last();
    assertThat(sent.header("x-header-set")).isEqualTo("set-overwrites");
    assertThat(sent.header("x-header-add")).isEqualTo("some,add-appends");
    assertThat(sent.header("x-new")).isEqualTo("n");
    assertThat(sent.header("x-header-remove")).isEmpty();
    assertThat(sent.header("other")).isEqualTo("stays");
  }

  @ParameterizedTest(name = "gamma 14 to 20, 24: {0} of {1} is {2} {3}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{hostname: example.org} | /h | 302 | http://example.org/h",
        "{hostname: example.org, statusCode: 301} | /h | 301 | http://example.org/h",
        "{path: {type: ReplacePrefixMatch, replacePrefixMatch: /replacement-prefix}}"
            + "| /original-prefix/lemon | 302 | http://echo/replacement-prefix/lemon",
        "{path: {type: ReplaceFullPath, replaceFullPath: /full-path-replacement}}"
            + "| /original-prefix/x | 302 | http://echo/full-path-replacement",
        "{port: 8083} | /port | 302 | http://echo:8083/port",
        "{port: 8083, hostname: example.org} | /p | 302 | http://example.org:8083/p",
        "{scheme: https} | /scheme | 302 | https://echo/scheme",
        "{scheme: https, statusCode: 301} | /scheme | 301 | https://echo/scheme",
        "{statusCode: 303, hostname: e.org} | /redirect | 303 | http://e.org/redirect",
        "{statusCode: 307, hostname: e.org} | /temporary | 307 | http://e.org/temporary",
        "{statusCode: 308, hostname: e.org} | /permanent | 308 | http://e.org/permanent",
      })
  void redirects(String redirect, String target, int status, String location) {
    String prefix = target.startsWith("/original-prefix") ? "/original-prefix" : "/";
    stage.program(
        Stage.route(
            "- matches: [{path: {value: %s}}]\n".formatted(prefix)
                + "  filters: [{type: RequestRedirect, requestRedirect: "
                + redirect
                + "}]"));
    ScriptedStream client = stage.get(target);
    assertThat(client.response.status()).isEqualTo(status);
    assertThat(client.response.headers().get("location")).isEqualTo(location);
  }

  @ParameterizedTest(name = "gamma 21, 25: {0} is sent as {1}")
  @CsvSource({
    "/prefix/one/two, /one/two",
    "/strip-prefix/three, /three",
    "/strip-prefix, /",
    "/full/one/two, /one",
    "/full/rewrite-path-and-modify-headers/test, /test",
    "/prefix/rewrite-path-and-modify-headers/one, /prefix/one"
  })
  void rewrites(String target, String sent) {
    stage.program(
        Stage.route(
            rewrite("/prefix/one", "{type: ReplacePrefixMatch, replacePrefixMatch: /one}")
                + rewrite("/strip-prefix", "{type: ReplacePrefixMatch, replacePrefixMatch: /}")
                + rewrite("/full/one", "{type: ReplaceFullPath, replaceFullPath: /one}")
                + rewrite(
                    "/full/rewrite-path-and-modify-headers",
                    "{type: ReplaceFullPath, replaceFullPath: /test}")
                + rewrite(
                    "/prefix/rewrite-path-and-modify-headers",
                    "{type: ReplacePrefixMatch, replacePrefixMatch: /prefix}")));
    assertThat(stage.backend(target)).isEqualTo("echo-v1");
    assertThat(stage.upstreams.last().head().target()).isEqualTo(sent);
  }

  private static String rewrite(String prefix, String path) {
    return """
    - matches: [{path: {value: %s}}]
      filters: [{type: URLRewrite, urlRewrite: {path: %s}}]
      backendRefs: [{name: echo-v1, port: 80}]
    """
        .formatted(prefix, path);
  }

  private void grpc(String rules) {
    stage.program(
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: GRPCRoute
        metadata: {name: g, namespace: demo}
        spec:
          parentRefs: [{group: "", kind: Service, name: echo}]
          rules:
        """
            + rules.indent(2));
  }

  @Test
  @DisplayName("gamma 22: MeshGRPCRouteRequestHeaderModifier")
  void grpc_request_headers() {
    grpc(
        """
        - matches: [{headers: [{name: x-test-case, value: set}]}]
          filters: [{type: RequestHeaderModifier, requestHeaderModifier: \
        {set: [{name: X-Header-Set, value: v}]}}]
          backendRefs: [{name: echo-v1, port: 7070}]
        """);
    assertThat(stage.backend("/s.S/M", "x-test-case", "set")).isEqualTo("echo-v1");
    assertThat(stage.upstreams.last().header("x-header-set")).isEqualTo("v");
    assertThat(stage.backend("/s.S/M")).isEqualTo("404");
  }

  @Test
  @DisplayName("gamma 23: MeshGRPCRouteWeight with a missing backend of weight 0")
  void grpc_weight() {
    grpc(
        """
        - backendRefs:
          - {name: echo-v1, port: 7070, weight: 70}
          - {name: echo-v2, port: 7070, weight: 30}
          - {name: missing, port: 7070, weight: 0}
        """);
    int first = 0;
    for (int i = 0; i < 500; i++) {
      String backend = stage.backend("/s.S/M");
      assertThat(backend).isIn("echo-v1", "echo-v2");
      first += backend.equals("echo-v1") ? 1 : 0;
    }
    assertThat(first).isCloseTo(350, within(35));
  }
}
