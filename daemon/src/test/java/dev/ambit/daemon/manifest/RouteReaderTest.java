package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader.Content;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.HttpRoute.Match;
import dev.ambit.model.object.HttpRoute.Path;
import dev.ambit.model.object.HttpRoute.PathType;
import dev.ambit.model.object.HttpRoute.Value;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.SessionPersistence;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteReaderTest {
  private static final String ROUTE =
      """
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: r, namespace: demo}
      spec:
        parentRefs:
        - {group: "", kind: Service, name: echo, port: 80}
        rules:
        - name: first
          matches:
          - path: {type: Exact, value: /a}
            headers: [{name: X-One, value: "1"}, {name: x-one, value: "2"}]
            queryParams: [{type: RegularExpression, name: q, value: a.*}]
            method: GET
          filters:
          - type: RequestHeaderModifier
            requestHeaderModifier:
              set: [{name: X-Set, value: a}]
              add: [{name: x-add, value: b}]
              remove: [X-Gone]
          - type: RequestMirror
            requestMirror:
              backendRef: {name: copy, port: 80}
              fraction: {numerator: 1, denominator: 2}
          backendRefs:
          - {name: v1, port: 80}
          - {name: v2, namespace: other, port: 81, weight: 3}
          timeouts: {request: 1h2m3s, backendRequest: 500ms}
          retry: {codes: [500, 503], attempts: 3, backoff: 10ms}
        - filters:
          - type: RequestRedirect
            requestRedirect:
              path: {type: ReplacePrefixMatch, replacePrefixMatch: /n}
      """;

  @Test
  void an_http_route_is_read_with_the_defaults_of_the_api_server() {
    HttpRoute route = one(HttpRoute.class, ROUTE);

    assertThat(route.kind()).isEqualTo("HTTPRoute");
    assertThat(route.parents())
        .containsExactly(new ParentReference("", "Service", "demo", "echo", "", 80));
    HttpRoute.Rule first = route.rules().getFirst();
    assertThat(first.matches())
        .containsExactly(
            new Match(
                new Path(PathType.EXACT, "/a"),
                List.of(new Value("x-one", "1", false)),
                List.of(new Value("q", "a.*", true)),
                "GET"));
    assertThat(first.filters())
        .containsExactly(
            new RouteFilter.RequestHeaders(
                new RouteFilter.HeaderChange(
                    Map.of("x-set", "a"), Map.of("x-add", "b"), List.of("x-gone"))),
            new RouteFilter.Mirror(BackendReference.service("copy", 80, 1), 1, 2));
    assertThat(first.backends())
        .containsExactly(
            BackendReference.service("v1", 80, 1),
            new BackendReference("", "Service", "other", "v2", 81, 3, List.of()));
    assertThat(first.timeouts())
        .isEqualTo(new HttpRoute.Timeouts(Duration.ofSeconds(3723), Duration.ofMillis(500)));
    assertThat(first.retry())
        .isEqualTo(new HttpRoute.Retry(List.of(500, 503), 3, Duration.ofMillis(10)));
    HttpRoute.Rule second = route.rules().get(1);
    assertThat(second.matches())
        .containsExactly(new Match(Match.ANY_PATH, List.of(), List.of(), ""));
    assertThat(second.filters())
        .containsExactly(
            new RouteFilter.Redirect("", "", new RouteFilter.PrefixMatch("/n"), 0, 302));
    assertThat(second.retry()).isNull();
    assertThat(second.timeouts()).isEqualTo(HttpRoute.Timeouts.NONE);
  }

  @Test
  void sessions() {
    HttpRoute route =
        one(
            HttpRoute.class,
            ROUTE.replace(
                "- filters",
                "- sessionPersistence: {sessionName: s, type: Header, idleTimeout: 5m}\n"
                    + "    filters"));
    assertThat(route.rules().get(1).session())
        .isEqualTo(new SessionPersistence("s", true, null, Duration.ofMinutes(5), false));
    assertThat(route.rules().get(0).session()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "value: /a}|value: a}|10|spec.rules[0].matches[0].path.value|\"a\"",
        "value: /a}|value: /a//b}|10|spec.rules[0].matches[0].path.value|\"/a//b\"",
        "type: Exact|type: exact|10|spec.rules[0].matches[0].path.type|\"exact\"",
        "method: GET|method: get|13|spec.rules[0].matches[0].method|\"get\"",
        "name: X-One|name: X One|11|spec.rules[0].matches[0].headers[0].name|\"X One\"",
        "weight: 3|weight: -3|26|spec.rules[0].backendRefs[1].weight|the number -3",
        "{name: v1, port: 80}|{name: v1}|25|spec.rules[0].backendRefs[0].port|nothing",
        "500ms|500|27|spec.rules[0].timeouts.backendRequest|the number 500",
        "500ms|2h|27|spec.rules[0].timeouts.backendRequest|more than request",
        "500, 503|500, 200|28|spec.rules[0].retry.codes[1]|the number 200",
        "attempts|attemps|28|spec.rules[0].retry.attemps|an unknown field",
        "type: RequestMirror|type: RequestHeaderModifier|20|spec.rules[0].filters[1].type|a second"
            + " RequestHeaderModifier",
        "denominator: 2|denominator:"
            + " 0|23|spec.rules[0].filters[1].requestMirror.fraction.denominator|the number 0",
        "- filters|- matches: [{path: {type: Exact, value: /x}}]\\n"
            + "    filters|31|spec.rules[1].filters|replacePrefixMatch",
        "- filters|- sessionPersistence: {sessionName: a b}\\n"
            + "    filters|29|spec.rules[1].sessionPersistence.sessionName|\"a b\"",
        "- filters|- sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}\\n"
            + "    filters|29|spec.rules[1].sessionPersistence.absoluteTimeout|nothing",
      })
  void what_the_api_server_would_refuse_is_refused_with_its_line(
      String from, String to, int line, String field, String got) {
    Content content = read(ROUTE.replace(from, to.replace("\\n", "\n")));

    assertThat(content.objects()).isEmpty();
    assertThat(content.problems())
        .as("%s", content.problems())
        .anySatisfy(problem -> {
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.field()).isEqualTo(field);
          assertThat(problem.got()).isEqualTo(got);
        });
  }

  @Test
  void a_grpc_route_is_read() {
    GrpcRoute route =
        one(
            GrpcRoute.class,
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: GRPCRoute
            metadata: {name: r}
            spec:
              rules:
              - matches:
                - method: {service: a.B}
                  headers: [{name: X, value: y}]
              - backendRefs: [{name: v1, port: 80, weight: 0}]
            """);
    assertThat(route.rules().getFirst().matches())
        .containsExactly(
            new GrpcRoute.Match("a.B", "", false, List.of(new Value("x", "y", false))));
    assertThat(route.rules().get(1).matches()).isEmpty();
    assertThat(route.rules().get(1).backends())
        .containsExactly(BackendReference.service("v1", 80, 0));
  }

  @Test
  void routes_of_connections_are_read() {
    String rest =
        """
        metadata: {name: r}
        spec:
          parentRefs: [{group: core, kind: Service, name: db}]
          rules:
          - backendRefs: [{name: a, port: 1}, {name: b, port: 2, weight: 9}]
        """;
    TcpRoute tcp =
        one(
            TcpRoute.class,
            "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\n" + rest);
    TlsRoute tls =
        one(
            TlsRoute.class,
            "apiVersion: gateway.networking.k8s.io/v1alpha3\nkind: TLSRoute\n" + rest);
    List<BackendReference> backends =
        List.of(BackendReference.service("a", 1, 1), BackendReference.service("b", 2, 9));
    assertThat(tcp.rules().getFirst().backends()).isEqualTo(backends);
    assertThat(tls.rules().getFirst().backends()).isEqualTo(backends);
    assertThat(tcp.parents().getFirst().group()).isEmpty();
  }
}
