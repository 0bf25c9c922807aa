package dev.ambit.model.http;

import static dev.ambit.model.http.RouteFixture.ANY;
import static dev.ambit.model.http.RouteFixture.COMPILER;
import static dev.ambit.model.http.RouteFixture.PORT_80;
import static dev.ambit.model.http.RouteFixture.chosen;
import static dev.ambit.model.http.RouteFixture.exact;
import static dev.ambit.model.http.RouteFixture.forward;
import static dev.ambit.model.http.RouteFixture.get;
import static dev.ambit.model.http.RouteFixture.grpc;
import static dev.ambit.model.http.RouteFixture.header;
import static dev.ambit.model.http.RouteFixture.metadata;
import static dev.ambit.model.http.RouteFixture.name;
import static dev.ambit.model.http.RouteFixture.parent;
import static dev.ambit.model.http.RouteFixture.path;
import static dev.ambit.model.http.RouteFixture.prefix;
import static dev.ambit.model.http.RouteFixture.query;
import static dev.ambit.model.http.RouteFixture.request;
import static dev.ambit.model.http.RouteFixture.route;
import static dev.ambit.model.http.RouteFixture.rule;
import static dev.ambit.model.http.RouteFixture.table;
import static dev.ambit.model.http.RouteFixture.target;
import static dev.ambit.model.http.RouteFixture.to;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.HttpRoute.Match;
import dev.ambit.model.object.HttpRoute.PathType;
import dev.ambit.model.object.HttpRoute.Value;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
  @ParameterizedTest(name = "http-routing 1: {0} {1} {2}")
  @CsvSource({
    "/v2, /v2, true",
    "/v2, /v2/, true",
    "/v2, /v2/x, true",
    "/v2, /v2?q=/x, true",
    "/v2, /v2example, false",
    "/v2, /foo/v2, false",
    "/v2/, /v2, true",
    "/v2/, /v2/x, true",
    "/v2/, /v2example, false",
    "/, /anything, true",
  })
  void a_prefix_is_of_segments(String value, String path, boolean matches) {
    RouteTable table = table(route(rule("a", prefix(value))));
    assertThat(chosen(table, get(path))).isEqualTo(matches ? "a" : "404");
  }

  @Test
  @DisplayName("http-routing 2: more headers go first when the path is as long")
  void more_headers_go_first() {
    RouteTable table = table(route(rule("a", prefix("/")), rule("b", header("version", "two"))));
    assertThat(chosen(table, get("/", "version", "two"))).isEqualTo("b");
    assertThat(chosen(table, get("/", "version", "one"))).isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing 3: exact before prefix before regular expression")
  void path_kinds_have_an_order() {
    RouteTable table =
        table(
            route(
                rule("c", path(PathType.REGULAR_EXPRESSION, "/a.*")),
                rule("b", prefix("/a")),
                rule("a", exact("/a"))));
    assertThat(chosen(table, get("/a"))).isEqualTo("a");
    assertThat(chosen(table, get("/a/x"))).isEqualTo("b");
    assertThat(chosen(table, get("/ab"))).isEqualTo("c");
    assertThat(chosen(table, get("/ab?x"))).isEqualTo("c");
    assertThat(chosen(table, get("/x/ab"))).as("full match").isEqualTo("404");
  }

  @Test
  @DisplayName("http-routing 4: a query parameter with a header before one alone; neither is 404")
  void queries_count() {
    Match both =
        new Match(
            Match.ANY_PATH,
            List.of(new Value("version", "one", false)),
            List.of(new Value("animal", "whale", false)),
            "");
    RouteTable table = table(route(rule("a", query("animal", "whale")), rule("b", both)));
    assertThat(chosen(table, get("/?animal=whale", "Version", "one"))).isEqualTo("b");
    assertThat(chosen(table, get("/?x=1&animal=whale"))).isEqualTo("a");
    assertThat(chosen(table, get("/?animal=whale&animal=dog"))).as("first").isEqualTo("a");
    assertThat(chosen(table, get("/?animal=dog"))).isEqualTo("404");
    assertThat(chosen(table, get("/?animal=whaledolphin"))).isEqualTo("404");
    assertThat(chosen(table, get("/"))).isEqualTo("404");
  }

  @Test
  @DisplayName("http-routing 5: a longer path before a query parameter")
  void a_longer_path_goes_first() {
    RouteTable table =
        table(route(rule("b", query("animal", "hydra")), rule("a", prefix("/path5"))));
    assertThat(chosen(table, get("/path5?animal=hydra"))).isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing 6: shares are as the weights")
  void weights_are_shares() {
    RouteTable table =
        table(
            route(
                rule(
                    List.of(ANY),
                    List.of(),
                    to("a", 70),
                    to("b", 30),
                    // gamma 23: weight 0 is not even looked for.
                    to("missing", 0))));
    Map<String, Integer> counts = new HashMap<>();
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      counts.merge(name(forward(table, get("/")).choose(random)), 1, Integer::sum);
    }
    assertThat(counts).containsOnlyKeys("a", "b");
    assertThat(counts.get("a")).isBetween(6800, 7200);
  }

  @Test
  @DisplayName("http-routing 7: the share of a backend that is not there gets 500")
  void a_missing_backend_takes_its_share() {
    HttpRoute half = route(rule(List.of(ANY), List.of(), to("a", 1), to("missing", 1)));
    CompiledRoute compiled = COMPILER.compile(half);
    assertThat(compiled.problems())
        .extracting(CompiledRoute.Problem::reason)
        .containsExactly("BackendNotFound");
    Map<String, Integer> counts = new HashMap<>();
    Random random = new Random(7);
    for (int i = 0; i < 1000; i++) {
      counts.merge(name(forward(table(half), get("/")).choose(random)), 1, Integer::sum);
    }
    assertThat(counts.get("a")).isBetween(440, 560);
    assertThat(counts.get("500")).isBetween(440, 560);
    assertThat(chosen(table(route(rule("missing", ANY))), get("/"))).isEqualTo("500");
  }

  @Test
  @DisplayName("http-routing 8: no backend at all is 500")
  void no_backend_is_500() {
    assertThat(chosen(table(route(rule(List.of(ANY), List.of()))), get("/"))).isEqualTo("500");
    assertThat(chosen(table(route(rule(List.of(ANY), List.of(), to("a", 0)))), get("/")))
        .isEqualTo("500");
  }

  @Test
  @DisplayName("http-routing 13: the destination decides, not the Host header")
  void the_destination_decides() {
    CompiledRoute route = COMPILER.compile(route("r", 0, parent("v2", 0), rule("a", ANY)));
    assertThat(chosen(table(target("v2", 80), List.of(route)), request("GET", "foo.example", "/")))
        .isEqualTo("a");
    assertThat(chosen(table(target("v1", 80), List.of(route)), request("GET", "v2", "/")))
        .isEqualTo("v1");
  }

  @Test
  @DisplayName("http-routing 14: a route of another port leaves the default route")
  void a_route_of_another_port_does_not_count() {
    CompiledRoute route = COMPILER.compile(route("r", 0, parent("echo", 80), rule("a", ANY)));
    assertThat(chosen(table(target("echo", 8080), List.of(route)), get("/"))).isEqualTo("echo");
    assertThat(chosen(table(PORT_80, List.of(route)), get("/"))).isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing 15: a route of a third namespace is the consumer's, and ignored")
  void a_consumer_route_is_ignored() {
    HttpRoute route = route(rule("a", ANY));
    assertThat(chosen(table(route.withMetadata(metadata("other", "r", 0))), get("/")))
        .isEqualTo("echo");
    assertThat(chosen(table(route.withMetadata(metadata("waypoints", "r", 0))), get("/")))
        .isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing 20: a gRPC service is a prefix with its slash")
  void a_grpc_service_matches_its_methods() {
    RouteTable table =
        table(
            PORT_80,
            List.of(
                COMPILER.compile(
                    grpc("g", 0, new GrpcRoute.Match("a.B", "", false, List.of()), "a"))));
    assertThat(chosen(table, get("/a.B/X"))).isEqualTo("a");
    assertThat(chosen(table, get("/a.Bc/X"))).isEqualTo("404");
  }

  @ParameterizedTest
  @CsvSource({
    "a.B, Get, false, /a.B/Get, true",
    "a.B, Get, false, /a.B/GetX, false",
    "'', Get, false, /x.Y/Get, true",
    "'', Get, false, /x/y/Get, false",
    "a.*, G.t, true, /a.C/Got, true",
    "a.*, '', true, /a.C/Any, true",
    "'', '', false, /what/ever, true",
  })
  void grpc_methods_match(String service, String method, boolean regex, String path, boolean yes) {
    GrpcRoute.Match match = new GrpcRoute.Match(service, method, regex, List.of());
    RouteTable table = table(PORT_80, List.of(COMPILER.compile(grpc("g", 0, match, "a"))));
    assertThat(chosen(table, get(path))).isEqualTo(yes ? "a" : "404");
  }

  @Test
  @DisplayName("http-routing §3: routes of one port are one list; the older goes first when equal")
  void routes_are_merged_by_age() {
    HttpRoute young = route("a", 1, parent("echo", 0), rule("young", prefix("/x")));
    HttpRoute old = route("b", 2, parent("echo", 0), rule("old", prefix("/x"), prefix("/")));
    HttpRoute precise = route("c", 0, parent("echo", 0), rule("precise", prefix("/x/y")));
    RouteTable table = table(young, old, precise);
    assertThat(chosen(table, get("/x"))).isEqualTo("old");
    assertThat(chosen(table, get("/x/y"))).isEqualTo("precise");
    assertThat(table.entries()).hasSize(4);
  }

  @Test
  @DisplayName("house 14: routes with a port go before those without, whatever their age")
  void routes_with_a_port_go_first() {
    HttpRoute any = route("old", 9, parent("echo", 0), rule("any", exact("/x")));
    HttpRoute port = route("young", 0, parent("echo", 80), rule("port", prefix("/x")));
    assertThat(chosen(table(any, port), get("/x"))).isEqualTo("port");
  }

  @Test
  @DisplayName("http-routing §3: what stands after a match of everything is dropped")
  void hidden_entries_are_dropped() {
    HttpRoute all = route("r", 0, parent("echo", 80), rule("a", prefix("/")));
    HttpRoute hidden = route("q", 0, parent("echo", 0), rule("b", exact("/x")));
    assertThat(table(all, hidden).entries()).hasSize(1);
  }

  @Test
  @DisplayName("http-routing §2: a method, a header in any case and one that is only present")
  void methods_and_headers_match() {
    Match post =
        new Match(Match.ANY_PATH, List.of(new Value("x-there", "*", true)), List.of(), "POST");
    RouteTable table = table(route(rule("a", post)));
    assertThat(chosen(table, request("POST", "echo", "/", "X-There", "anything"))).isEqualTo("a");
    assertThat(chosen(table, request("POST", "echo", "/"))).isEqualTo("404");
    assertThat(chosen(table, request("GET", "echo", "/", "x-there", "1"))).isEqualTo("404");
  }

  @Test
  @DisplayName("http-routing §5: a wrong regular expression makes the object unusable")
  void a_wrong_pattern_is_a_problem() {
    CompiledRoute compiled =
        COMPILER.compile(route(rule("a", path(PathType.REGULAR_EXPRESSION, "("))));
    assertThat(compiled.entries()).isEmpty();
    assertThat(compiled.problems().getFirst().reason()).isEqualTo("InvalidConfiguration");
    assertThat(chosen(table(PORT_80, List.of(compiled)), get("/"))).isEqualTo("echo");
  }

  @Test
  @DisplayName("http-routing §7: TLS routes go first, the first rule takes all, no weight resets")
  void connections_are_routed() {
    TcpRoute tcp =
        new TcpRoute(
            metadata("demo", "tcp", 9),
            List.of(parent("echo", 0)),
            List.of(
                new TcpRoute.Rule("", List.of(to("a", 1))),
                new TcpRoute.Rule("", List.of(to("never", 1)))));
    TlsRoute tls =
        new TlsRoute(
            metadata("demo", "tls", 0),
            List.of(parent("echo", 0)),
            List.of("echo.demo.svc.cluster.local"),
            List.of(new TlsRoute.Rule("", List.of(to("b", 1)))));
    var ofTcp = new StreamTable.Candidate(COMPILER.compile(tcp), false);
    var ofTls =
        new StreamTable.Candidate(COMPILER.compile(tls, "echo.demo.svc.cluster.local"), true);
    var ofOther = new StreamTable.Candidate(COMPILER.compile(tls, "other"), true);
    Random random = new Random(1);
    assertThat(name(StreamTable.of(PORT_80, List.of(ofTcp, ofTls)).choose(random))).isEqualTo("b");
    assertThat(name(StreamTable.of(PORT_80, List.of(ofTcp, ofOther)).choose(random)))
        .isEqualTo("a");
    assertThat(name(StreamTable.of(PORT_80, List.of()).choose(random))).isEqualTo("echo");
    TcpRoute none =
        new TcpRoute(
            metadata("demo", "none", 0),
            List.of(parent("echo", 0)),
            List.of(new TcpRoute.Rule("", List.of(to("a", 0)))));
    assertThat(
            StreamTable.of(
                    PORT_80, List.of(new StreamTable.Candidate(COMPILER.compile(none), false)))
                .choose(random))
        .isNull();
  }

  @ParameterizedTest(name = "gamma 8: {0} with version {1}: {2}")
  @CsvSource({
    "/, '', v1",
    "/example, '', v1",
    "/, one, v1",
    "/v2example, '', v1",
    "/foo/v2/example, '', v1",
    "/v2, '', v2",
    "/v2/, '', v2",
    "/v2/example, '', v2",
    "/, two, v2",
  })
  void the_matching_test_of_gamma(String path, String version, String backend) {
    RouteTable table =
        table(
            route(
                rule("v1", prefix("/"), header("version", "one")),
                rule("v2", prefix("/v2"), header("version", "two"))));
    HttpAttributes request = version.isEmpty() ? get(path) : get(path, "version", version);
    assertThat(chosen(table, request)).isEqualTo(backend);
  }

  @Test
  @DisplayName("gamma 5: routes with and without a port are scopes of one host")
  void the_ports_test_of_gamma() {
    CompiledRoute of80 = COMPILER.compile(route("p", 0, parent("v1", 80), rule("one", ANY)));
    CompiledRoute ofAll = COMPILER.compile(route("q", 0, parent("v2", 0), rule("two", ANY)));
    List<CompiledRoute> both = List.of(of80, ofAll);
    assertThat(chosen(table(target("v1", 80), both), get("/"))).isEqualTo("one");
    assertThat(chosen(table(target("v1", 8080), both), get("/"))).isEqualTo("v1");
    assertThat(chosen(table(target("v2", 80), both), get("/"))).isEqualTo("two");
    assertThat(chosen(table(target("v2", 8080), both), get("/"))).isEqualTo("two");
  }
}
