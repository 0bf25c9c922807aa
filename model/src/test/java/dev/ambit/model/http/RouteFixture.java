package dev.ambit.model.http;

import dev.ambit.model.http.CompiledRoute.Problem;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.HttpRoute.Match;
import dev.ambit.model.object.HttpRoute.PathType;
import dev.ambit.model.object.HttpRoute.Value;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.workload.ServiceKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Words for routes and requests in tests: service {@code echo} of namespace {@code demo}. */
final class RouteFixture {
  static final ServiceKey ECHO = key("echo");
  static final RouteTable.Target PORT_80 = target("echo", 80);
  static final Match ANY = new Match(Match.ANY_PATH, List.of(), List.of(), "");

  /** Every Service is there but one named missing. */
  static final RouteCompiler COMPILER =
      new RouteCompiler(
          text -> Pattern.compile(text).asMatchPredicate(),
          (route, reference) ->
              reference.name().equals("missing")
                  ? new RouteCompiler.NotThere(
                      new Problem(Problem.BACKEND_NOT_FOUND, "backend missing not found"))
                  : new RouteCompiler.There(
                      new RouteAction.Cluster(key(reference.name()), reference.port(), "")));

  private RouteFixture() {}

  static ServiceKey key(String name) {
    return new ServiceKey("demo", name + ".demo.svc.cluster.local");
  }

  static RouteTable.Target target(String service, int port) {
    return new RouteTable.Target("Service", key(service), service, port, "waypoints");
  }

  static Metadata metadata(String namespace, String name, int age) {
    Instant created = Instant.parse("2026-01-01T00:00:00Z").minusSeconds(age);
    return new Metadata(namespace, name, "", Map.of(), Map.of(), created, "");
  }

  static ParentReference parent(String service, int port) {
    return new ParentReference("", "Service", "demo", service, "", port);
  }

  /** A route of echo. */
  static HttpRoute route(HttpRoute.Rule... rules) {
    return route("r", 0, parent("echo", 0), rules);
  }

  static HttpRoute route(String name, int age, ParentReference parent, HttpRoute.Rule... rules) {
    return new HttpRoute(
        metadata("demo", name, age), List.of(parent), List.of(), Arrays.asList(rules));
  }

  static GrpcRoute grpc(String name, int age, GrpcRoute.Match match, String backend) {
    GrpcRoute.Rule rule =
        new GrpcRoute.Rule("", List.of(match), List.of(), List.of(to(backend, 1)));
    return new GrpcRoute(
        metadata("demo", name, age), List.of(parent("echo", 0)), List.of(), List.of(rule));
  }

  static BackendReference to(String service, int weight) {
    return BackendReference.service(service, 80, weight);
  }

  /** A rule that sends what matches to {@code backend}. */
  static HttpRoute.Rule rule(String backend, Match... matches) {
    return rule(Arrays.asList(matches), List.of(), to(backend, 1));
  }

  static HttpRoute.Rule rule(
      List<Match> matches, List<RouteFilter> filters, BackendReference... backends) {
    return new HttpRoute.Rule(
        "", matches, filters, Arrays.asList(backends), HttpRoute.Timeouts.NONE, null);
  }

  static Match path(PathType type, String value) {
    return new Match(new HttpRoute.Path(type, value), List.of(), List.of(), "");
  }

  static Match prefix(String value) {
    return path(PathType.PREFIX, value);
  }

  static Match exact(String value) {
    return path(PathType.EXACT, value);
  }

  static Match header(String name, String value) {
    return new Match(Match.ANY_PATH, List.of(new Value(name, value, false)), List.of(), "");
  }

  static Match query(String name, String value) {
    return new Match(Match.ANY_PATH, List.of(), List.of(new Value(name, value, false)), "");
  }

  static RouteTable table(HttpRoute... routes) {
    return table(PORT_80, Arrays.stream(routes).map(COMPILER::compile).toList());
  }

  static RouteTable table(RouteTable.Target target, List<CompiledRoute> routes) {
    return RouteTable.of(target, routes);
  }

  /** A GET; headers as name, value, name, value. */
  static HttpAttributes get(String target, String... headers) {
    return request("GET", "echo", target, headers);
  }

  static HttpAttributes request(String method, String authority, String target, String... headers) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      map.put(headers[i].toLowerCase(Locale.ROOT), headers[i + 1]);
    }
    return HttpAttributes.of(method, "http", authority, target, map::get, PathNormalization.BASE)
        .orElseThrow();
  }

  /** Where the table sends a request: a service, {@code 404}, {@code 500} or a status. */
  static String chosen(RouteTable table, HttpAttributes request) {
    RouteEntry entry = table.route(request).orElse(null);
    if (entry == null) {
      return "404";
    }
    return switch (entry.action()) {
      case RouteAction.Forward forward -> name(forward.choose(new Random(1)));
      case RouteAction.Redirect redirect -> String.valueOf(redirect.to().status());
      case RouteAction.Respond respond -> String.valueOf(respond.status());
    };
  }

  static String name(RouteAction.@Nullable Share share) {
    return switch (share == null ? null : share.backend()) {
      case null -> "500";
      case RouteAction.Cluster cluster ->
          cluster.service().hostname().substring(0, cluster.service().hostname().indexOf('.'));
      case RouteAction.Missing missing -> String.valueOf(missing.reply().status());
    };
  }

  static RouteAction.Forward forward(RouteTable table, HttpAttributes request) {
    return (RouteAction.Forward) table.route(request).orElseThrow().action();
  }
}
