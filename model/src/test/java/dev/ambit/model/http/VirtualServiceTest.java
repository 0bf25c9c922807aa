package dev.ambit.model.http;

import static dev.ambit.model.http.RouteFixture.ANY;
import static dev.ambit.model.http.RouteFixture.PORT_80;
import static dev.ambit.model.http.RouteFixture.chosen;
import static dev.ambit.model.http.RouteFixture.get;
import static dev.ambit.model.http.RouteFixture.metadata;
import static dev.ambit.model.http.RouteFixture.name;
import static dev.ambit.model.http.RouteFixture.parent;
import static dev.ambit.model.http.RouteFixture.request;
import static dev.ambit.model.http.RouteFixture.route;
import static dev.ambit.model.http.RouteFixture.rule;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.RouteFilter.HeaderChange;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.VirtualService.Action;
import dev.ambit.model.object.VirtualService.Destination;
import dev.ambit.model.object.VirtualService.Extras;
import dev.ambit.model.object.VirtualService.Match;
import dev.ambit.model.object.VirtualService.Rule;
import dev.ambit.model.object.VirtualService.Text;
import dev.ambit.model.object.VirtualService.TextKind;
import dev.ambit.model.object.VirtualService.Where;
import dev.ambit.model.workload.ServiceKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VirtualServiceTest {
  private static final HeaderChange NO_CHANGE = new HeaderChange(Map.of(), Map.of(), List.of());
  private static final Where ANYWHERE = new Where(0, "", false, List.of());

  /** Full names are services of demo; those that begin with missing are not there. */
  private static final RouteCompiler COMPILER =
      new RouteCompiler(
          text -> Pattern.compile(text).asMatchPredicate(),
          (route, reference) ->
              reference.name().startsWith("missing")
                  ? new RouteCompiler.NotThere(
                      new CompiledRoute.Problem("BackendNotFound", reference.name()))
                  : new RouteCompiler.There(
                      new RouteAction.Cluster(
                          new ServiceKey("demo", reference.name()), reference.port(), "")));

  private static VirtualService service(Rule... rules) {
    return new VirtualService(
        metadata("demo", "v", 5),
        List.of("echo"),
        List.of(),
        List.of(),
        Arrays.asList(rules),
        List.of(),
        List.of());
  }

  private static Destination to(String host, String subset, int weight) {
    return new Destination(host, subset, 0, weight, NO_CHANGE, NO_CHANGE);
  }

  private static Action forward(Destination... destinations) {
    return new VirtualService.Forward(Arrays.asList(destinations), null, List.of(), null, null);
  }

  private static Rule virtual(Action action, Match... matches) {
    return new Rule(
        "", Arrays.asList(matches), action, new Extras(null, null, NO_CHANGE, NO_CHANGE));
  }

  private static Match where(Where where) {
    return new Match(null, false, Map.of(), Map.of(), Map.of(), where);
  }

  private static Match uri(TextKind kind, String value, boolean ignoreCase) {
    return new Match(new Text(kind, value), ignoreCase, Map.of(), Map.of(), Map.of(), ANYWHERE);
  }

  private static RouteTable table(VirtualService service, CompiledRoute... others) {
    List<CompiledRoute> all = new ArrayList<>(Arrays.asList(others));
    all.add(COMPILER.compile(service, PORT_80, "cluster.local"));
    return RouteTable.of(PORT_80, all);
  }

  @Test
  @DisplayName("http-routing 18: a match of source labels is dropped, not true")
  void source_labels_are_dropped() {
    RouteTable table =
        table(
            service(
                virtual(forward(to("b", "", 100)), where(new Where(0, "", true, List.of()))),
                virtual(forward(to("a", "", 100)))));
    assertThat(table.entries()).hasSize(1);
    assertThat(chosen(table, get("/"))).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource({
    "81, '', false",
    "80, '', true",
    "0, demo, false",
    "0, waypoints, true",
  })
  @DisplayName("http-routing §9: port and source namespace are those of the waypoint")
  void a_match_has_a_place(int port, String namespace, boolean there) {
    RouteTable table =
        table(
            service(
                virtual(
                    forward(to("a", "", 100)),
                    where(new Where(port, namespace, false, List.of())))));
    assertThat(chosen(table, get("/"))).isEqualTo(there ? "a" : "echo");
  }

  @ParameterizedTest
  @CsvSource({
    "EXACT, /a, false, /a, true",
    "EXACT, /A, false, /a, false",
    "EXACT, /A, true, /a, true",
    "PREFIX, /a, false, /abc, true",
    "PREFIX, /A, true, /abc, true",
    "REGEX, /a.*, false, /abc, true",
    "REGEX, /a, false, /abc, false",
  })
  @DisplayName("http-routing §9: a prefix is of characters, case may be ignored")
  void paths_match(TextKind kind, String value, boolean ignoreCase, String path, boolean yes) {
    RouteTable table =
        table(service(virtual(forward(to("a", "", 100)), uri(kind, value, ignoreCase))));
    assertThat(chosen(table, get(path))).isEqualTo(yes ? "a" : "404");
  }

  @Test
  @DisplayName("http-routing §9: rules keep their order; method, authority and absence match")
  void rules_keep_their_order() {
    Match post =
        new Match(
            null,
            false,
            Map.of(
                ":method", new Text(TextKind.EXACT, "POST"),
                ":authority", new Text(TextKind.PREFIX, "echo")),
            Map.of("x-skip", new Text(TextKind.EXACT, "yes")),
            Map.of("q", new Text(TextKind.PRESENT, "")),
            ANYWHERE);
    RouteTable table =
        table(
            service(
                virtual(forward(to("a", "", 100)), uri(TextKind.PREFIX, "/", false)),
                virtual(forward(to("b", "", 100)), uri(TextKind.EXACT, "/x", false))));
    assertThat(chosen(table, get("/x"))).isEqualTo("a");
    RouteTable posts = table(service(virtual(forward(to("a", "", 100)), post)));
    assertThat(chosen(posts, request("POST", "echo:80", "/?q"))).isEqualTo("a");
    assertThat(chosen(posts, request("GET", "echo", "/?q"))).isEqualTo("404");
    assertThat(chosen(posts, request("POST", "other", "/?q"))).isEqualTo("404");
    assertThat(chosen(posts, request("POST", "echo", "/?q", "x-skip", "yes"))).isEqualTo("404");
    assertThat(chosen(posts, request("POST", "echo", "/?q", "x-skip", "no"))).isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing §9: the older of VirtualService and HTTPRoute goes first")
  void the_older_object_goes_first() {
    VirtualService service = service(virtual(forward(to("virtual", "", 100))));
    CompiledRoute young =
        RouteFixture.COMPILER.compile(route("r", 1, parent("echo", 0), rule("route", ANY)));
    CompiledRoute old =
        RouteFixture.COMPILER.compile(route("r", 9, parent("echo", 0), rule("route", ANY)));
    assertThat(chosen(table(service, young), get("/"))).isEqualTo("virtual");
    assertThat(chosen(table(service, old), get("/"))).isEqualTo("route");
  }

  @Test
  @DisplayName("http-routing §9: subsets, weights, and 503 for a host that is not there")
  void destinations_have_subsets() {
    RouteTable table = table(service(virtual(forward(to("a", "v1", 90), to("a", "v2", 10)))));
    List<RouteAction.Share> shares = RouteFixture.forward(table, get("/")).shares();
    assertThat(shares)
        .extracting(share -> ((RouteAction.Cluster) share.backend()).subset())
        .containsExactly("v1", "v2");
    assertThat(chosen(table(service(virtual(forward(to("missing", "", 100))))), get("/")))
        .isEqualTo("503");
  }

  private static String location(Action redirect, String authority, int port) {
    RouteTable table = table(service(virtual(redirect)));
    HttpAttributes request = request("GET", authority, "/x?q");
    RouteEntry entry = table.route(request).orElseThrow();
    return ((RouteAction.Redirect) entry.action()).location(request, entry, port);
  }

  @Test
  @DisplayName("http-routing §9: a redirect leaves the authority, or takes a port")
  void redirects_are_read() {
    assertThat(location(new VirtualService.Redirect("", "", "/n", -1, 301), "echo:8080", 8080))
        .isEqualTo("http://echo:8080/n?q");
    assertThat(location(new VirtualService.Redirect("https", "b:1", "", -1, 301), "echo", 80))
        .isEqualTo("https://b:1/x?q");
    assertThat(location(new VirtualService.Redirect("", "b", "", 0, 301), "echo", 8080))
        .isEqualTo("http://b:8080/x?q");
  }

  private static String rewritten(Match match, String uri, String path) {
    Action action =
        new VirtualService.Forward(
            List.of(to("a", "", 100)),
            new VirtualService.Rewrite(uri, ""),
            List.of(new VirtualService.Mirror(to("copy", "", 1), 12.5)),
            Duration.ofSeconds(1),
            new VirtualService.Retries(3, Duration.ofMillis(100), "5xx", null, false, true));
    RouteTable table = table(service(virtual(action, match)));
    HttpAttributes request = get(path);
    RouteEntry entry = table.route(request).orElseThrow();
    RouteAction.Forward forward = (RouteAction.Forward) entry.action();
    assertThat(forward.timeouts())
        .isEqualTo(new RouteTimeouts(Duration.ofSeconds(1), Duration.ofMillis(100)));
    assertThat(forward.retry().retries()).isEqualTo(3);
    assertThat(forward.retry().avoidTried()).isFalse();
    assertThat(forward.mirrors().getFirst().numerator()).isEqualTo(125_000);
    RouteAction.Rewrite rewrite = forward.rewrite();
    assertThat(rewrite).isNotNull();
    return rewrite.path(request, entry);
  }

  @Test
  @DisplayName("http-routing §9: a rewrite replaces the characters of a prefix, or all")
  void rewrites_are_read() {
    assertThat(rewritten(uri(TextKind.PREFIX, "/old/", false), "/new/", "/old/x"))
        .isEqualTo("/new/x");
    assertThat(rewritten(uri(TextKind.EXACT, "/old", false), "/new", "/old")).isEqualTo("/new");
  }

  private static boolean applies(List<String> hosts, List<String> gateways, List<String> exportTo) {
    VirtualService service =
        new VirtualService(
            metadata("demo", "v", 5),
            hosts,
            gateways,
            exportTo,
            List.of(virtual(forward(to("a", "", 100)))),
            List.of(),
            List.of());
    return chosen(table(service), get("/")).equals("a");
  }

  @Test
  @DisplayName("http-routing §9: hosts, gateways and exportTo say where it applies")
  void it_applies_where_it_says() {
    List<String> all = List.of();
    assertThat(applies(List.of("echo.demo.svc.cluster.local"), all, all)).isTrue();
    assertThat(applies(List.of("*.demo.svc.cluster.local"), List.of("gw", "mesh"), all)).isTrue();
    assertThat(applies(List.of("other"), all, all)).isFalse();
    assertThat(applies(List.of("echo"), List.of("gw"), all)).isFalse();
    assertThat(applies(List.of("echo"), all, List.of("."))).isFalse();
    assertThat(applies(List.of("echo"), all, List.of("waypoints"))).isTrue();
  }

  @Test
  @DisplayName("http-routing §9: connections go by the first rule for their port")
  void connections_are_routed() {
    VirtualService service =
        new VirtualService(
            metadata("demo", "v", 5),
            List.of("echo"),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(
                new VirtualService.StreamRule(List.of(81), List.of(to("b", "", 100))),
                new VirtualService.StreamRule(List.of(), List.of(to("a", "", 100)))));
    CompiledRoute compiled = COMPILER.compileStreams(service, PORT_80, "cluster.local", false);
    StreamTable table =
        StreamTable.of(PORT_80, List.of(new StreamTable.Candidate(compiled, false)));
    assertThat(name(table.choose(new Random(1)))).isEqualTo("a");
  }

  @Test
  @DisplayName("http-routing §9: claims do not route yet, and that is said")
  void claims_are_a_problem() {
    Match match =
        new Match(
            null,
            false,
            Map.of("@request.auth.claims.group", new Text(TextKind.EXACT, "a")),
            Map.of(),
            Map.of(),
            ANYWHERE);
    CompiledRoute compiled =
        COMPILER.compile(
            service(virtual(forward(to("a", "", 100)), match)), PORT_80, "cluster.local");
    assertThat(compiled.problems().getFirst().reason()).isEqualTo("InvalidConfiguration");
  }
}
