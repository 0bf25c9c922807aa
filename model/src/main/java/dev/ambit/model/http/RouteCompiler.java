package dev.ambit.model.http;

import dev.ambit.model.http.CompiledRoute.Problem;
import dev.ambit.model.http.HttpMatch.Field;
import dev.ambit.model.http.HttpMatch.PathMatch;
import dev.ambit.model.http.RouteAction.Backend;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.ParentReference;
import dev.ambit.model.object.TcpRoute;
import dev.ambit.model.object.TlsRoute;
import dev.ambit.model.object.VirtualService;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Turns route objects into entries of route tables (spec: http-routing §2 to §6). The controller
 * does so to say what is wrong with them, the waypoint to use them.
 */
public final class RouteCompiler {
  private final Patterns patterns;
  private final Backends backends;

  /** The seam to RE2. */
  @FunctionalInterface
  public interface Patterns {
    /**
     * Compiles a regular expression that must match all of a text; throws {@link
     * IllegalArgumentException} saying what is wrong with it.
     */
    Predicate<String> compile(String pattern);
  }

  /** What is known of the targets of routes. */
  @FunctionalInterface
  public interface Backends {
    /** Never null; a backend that is not there is {@link NotThere}. */
    Found find(Metadata route, BackendReference reference);
  }

  /** Whether a backend is there. */
  public sealed interface Found {}

  /** It is. */
  public record There(RouteAction.Cluster cluster) implements Found {}

  /** It is not, or must not be used. */
  public record NotThere(Problem problem) implements Found {}

  public RouteCompiler(Patterns patterns, Backends backends) {
    this.patterns = patterns;
    this.backends = backends;
  }

  public CompiledRoute compile(HttpRoute route) {
    Compilation compilation = new Compilation(route.metadata(), "HTTPRoute");
    return compilation.whole(
        route.parents(),
        entries -> {
          for (int i = 0; i < route.rules().size(); i++) {
            HttpRoute.Rule rule = route.rules().get(i);
            RuleFilters filters = compilation.filters().ofHttp(rule);
            for (HttpRoute.Match match : rule.matches()) {
              entries.add(compilation.entry(name(rule.name(), i), httpMatch(match), filters));
            }
          }
        });
  }

  public CompiledRoute compile(GrpcRoute route) {
    Compilation compilation = new Compilation(route.metadata(), "GRPCRoute");
    return compilation.whole(
        route.parents(),
        entries -> {
          for (int i = 0; i < route.rules().size(); i++) {
            GrpcRoute.Rule rule = route.rules().get(i);
            RuleFilters filters = compilation.filters().ofGrpc(rule);
            String name = name(rule.name(), i);
            if (rule.matches().isEmpty()) {
              entries.add(compilation.entry(name, HttpMatch.ANYTHING, filters));
            }
            for (GrpcRoute.Match match : rule.matches()) {
              entries.add(compilation.entry(name, grpcMatch(match), filters));
            }
          }
        });
  }

  /** Only the first rule counts: it takes every connection. */
  public CompiledRoute compile(TcpRoute route) {
    Compilation compilation = new Compilation(route.metadata(), "TCPRoute");
    TcpRoute.Rule first = route.rules().getFirst();
    return compilation.ofConnections(route.parents(), first.name(), first.backends());
  }

  /**
   * As for a TCPRoute. One that names hosts is used only when that is {@code hostname} alone: a
   * waypoint does not look at the name in TLS.
   */
  public CompiledRoute compile(TlsRoute route, String hostname) {
    Compilation compilation = new Compilation(route.metadata(), "TLSRoute");
    if (!route.hostnames().isEmpty() && !route.hostnames().equals(List.of(hostname))) {
      return new CompiledRoute(route.metadata(), route.parents(), List.of(), false, List.of());
    }
    TlsRoute.Rule first = route.rules().getFirst();
    return compilation.ofConnections(route.parents(), first.name(), first.backends());
  }

  /** The HTTP rules for one port of one service; none when it is not meant. */
  public CompiledRoute compile(
      VirtualService service, RouteTable.Target target, String clusterDomain) {
    Compilation compilation = new Compilation(service.metadata(), "VirtualService");
    VirtualRules rules = compilation.virtual(service, target, clusterDomain);
    return rules.applies()
        ? compilation
            .whole(List.of(target.parent()), entries -> entries.addAll(rules.http()))
            .inItsOwnOrder()
        : new CompiledRoute(service.metadata(), List.of(), List.of(), true, List.of());
  }

  /** The rules for connections, for one port of one service; none when it is not meant. */
  public CompiledRoute compileStreams(
      VirtualService service, RouteTable.Target target, String clusterDomain, boolean tls) {
    Compilation compilation = new Compilation(service.metadata(), "VirtualService");
    VirtualRules rules = compilation.virtual(service, target, clusterDomain);
    return compilation.whole(
        List.of(target.parent()),
        entries -> {
          List<RouteAction.Share> shares =
              rules.applies() ? rules.stream(tls ? service.tls() : service.tcp()) : null;
          if (shares != null) {
            RouteAction forward =
                new RouteAction.Forward(
                    shares, null, List.of(), RouteTimeouts.NONE, RetryPolicy.NEVER);
            String route = compilation.route();
            entries.add(new RouteEntry(route, "0", HttpMatch.ANYTHING, forward, null, null));
          }
        });
  }

  private static String name(String said, int place) {
    return said.isEmpty() ? String.valueOf(place) : said;
  }

  private HttpMatch httpMatch(HttpRoute.Match match) {
    HttpRoute.Path path = match.path();
    PathMatch compiled =
        switch (path.type()) {
          case EXACT -> new HttpMatch.ExactPath(path.value(), false);
          case PREFIX -> HttpMatch.SegmentPrefix.of(path.value());
          case REGULAR_EXPRESSION -> regexPath(path.value());
        };
    return new HttpMatch(
        compiled, match.method(), fields(match.headers()), fields(match.queryParams()));
  }

  private HttpMatch grpcMatch(GrpcRoute.Match match) {
    return new HttpMatch(grpcPath(match), "", fields(match.headers()), List.of());
  }

  private PathMatch grpcPath(GrpcRoute.Match match) {
    String service = match.service();
    String method = match.method();
    if (service.isEmpty() && method.isEmpty()) {
      return new HttpMatch.AnyPath();
    }
    if (service.isEmpty()) {
      return regexPath("/[^/]+/" + method);
    }
    if (match.regularExpression()) {
      return regexPath("/" + service + "/" + (method.isEmpty() ? ".+" : method));
    }
    return method.isEmpty()
        ? new HttpMatch.TextPrefix("/" + service + "/", false)
        : new HttpMatch.ExactPath("/" + service + "/" + method, false);
  }

  private PathMatch regexPath(String pattern) {
    return new HttpMatch.RegexPath(pattern, compiled(pattern));
  }

  private List<Field> fields(List<HttpRoute.Value> values) {
    List<Field> fields = new ArrayList<>();
    for (HttpRoute.Value value : values) {
      TextMatch match =
          !value.regularExpression()
              ? new TextMatch.Exact(value.value())
              : value.value().equals("*")
                  ? new TextMatch.Present()
                  : new TextMatch.Regex(value.value(), compiled(value.value()));
      fields.add(new Field(value.name(), match));
    }
    return fields;
  }

  private Predicate<String> compiled(String pattern) {
    try {
      return patterns.compile(pattern);
    } catch (IllegalArgumentException e) {
      throw new Unusable(
          Problem.INVALID_CONFIGURATION,
          "regular expression: got \"" + pattern + "\", expected RE2 syntax: " + e.getMessage());
    }
  }

  /** Ends the compilation of an object. */
  static final class Unusable extends RuntimeException {
    final transient Problem problem;

    Unusable(String reason, String message) {
      super(message, null, false, false);
      problem = new Problem(reason, message);
    }
  }

  /** Fills a list of entries; may throw {@link Unusable}. */
  private interface Body {
    void fill(List<RouteEntry> entries);
  }

  /** The compilation of one object. */
  private final class Compilation {
    private final Metadata metadata;
    private final String kind;
    private final List<Problem> problems = new ArrayList<>();

    Compilation(Metadata metadata, String kind) {
      this.metadata = metadata;
      this.kind = kind;
    }

    CompiledRoute whole(List<ParentReference> parents, Body body) {
      List<RouteEntry> entries = new ArrayList<>();
      try {
        body.fill(entries);
      } catch (Unusable e) {
        return new CompiledRoute(metadata, parents, List.of(), false, List.of(e.problem));
      }
      return new CompiledRoute(metadata, parents, entries, false, problems);
    }

    String route() {
      return kind + " " + metadata.namespace() + "/" + metadata.name();
    }

    VirtualRules virtual(VirtualService service, RouteTable.Target target, String clusterDomain) {
      return new VirtualRules(
          service, target, clusterDomain, RouteCompiler.this::compiled, this::backend);
    }

    RuleFilters.Reading filters() {
      return new RuleFilters.Reading(this::backend);
    }

    CompiledRoute ofConnections(
        List<ParentReference> parents, String rule, List<BackendReference> to) {
      GrpcRoute.Rule plain = new GrpcRoute.Rule(rule, List.of(), List.of(), to);
      return whole(
          parents,
          entries ->
              entries.add(entry(name(rule, 0), HttpMatch.ANYTHING, filters().ofGrpc(plain))));
    }

    /** A backend that is not there takes its share and answers with 500. */
    Backend backend(BackendReference reference) {
      check(reference);
      return switch (backends.find(metadata, reference)) {
        case There(RouteAction.Cluster cluster) -> cluster;
        case NotThere(Problem problem) -> {
          if (!problems.contains(problem)) {
            problems.add(problem);
          }
          yield new RouteAction.Missing(reference.name(), LocalReply.NO_BACKEND);
        }
      };
    }

    private void check(BackendReference reference) {
      boolean service = reference.group().isEmpty() && reference.kind().equals("Service");
      if (service && reference.name().indexOf('.') >= 0) {
        throw new Unusable(
            Problem.INVALID_DESTINATION,
            "backendRefs: got name \"" + reference.name() + "\", expected one without dots");
      }
      if (service && reference.port() == 0) {
        throw new Unusable(
            Problem.INVALID_DESTINATION,
            "backendRefs: got no port for \"" + reference.name() + "\", expected one");
      }
    }

    RouteEntry entry(String rule, HttpMatch match, RuleFilters filters) {
      return new RouteEntry(route(), rule, match, filters.action(), filters.cors(), null);
    }
  }
}
