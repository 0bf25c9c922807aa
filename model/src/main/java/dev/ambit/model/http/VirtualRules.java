package dev.ambit.model.http;

import dev.ambit.model.http.CompiledRoute.Problem;
import dev.ambit.model.http.HttpMatch.Field;
import dev.ambit.model.http.HttpMatch.PathMatch;
import dev.ambit.model.http.RouteAction.Backend;
import dev.ambit.model.http.RouteAction.Share;
import dev.ambit.model.http.RouteCompiler.Unusable;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.VirtualService;
import dev.ambit.model.object.VirtualService.Destination;
import dev.ambit.model.object.VirtualService.Text;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Turns a VirtualService into entries for one port of one service (spec: http-routing §9).
 *
 * @param patterns compiles regular expressions, or throws {@link Unusable}
 * @param backends says where a reference leads
 */
record VirtualRules(
    VirtualService service,
    RouteTable.Target target,
    String clusterDomain,
    Function<String, Predicate<String>> patterns,
    Function<BackendReference, Backend> backends) {
  private static final String MESH = "mesh";
  private static final int MILLIONTHS = 10_000;

  /** Whether it says anything of the service at all. */
  boolean applies() {
    String waypoint = target.waypointNamespace();
    List<String> exportTo = service.exportTo();
    boolean seen =
        exportTo.isEmpty()
            || exportTo.contains("*")
            || exportTo.contains(waypoint)
            || (exportTo.contains(".") && service.metadata().namespace().equals(waypoint));
    return seen
        && (service.gateways().isEmpty() || service.gateways().contains(MESH))
        && service.hosts().stream().map(this::fullHost).anyMatch(this::covers);
  }

  private String fullHost(String host) {
    return host.indexOf('.') < 0 && !host.equals("*")
        ? host + "." + service.metadata().namespace() + ".svc." + clusterDomain
        : host;
  }

  private boolean covers(String host) {
    String wanted = target.service().hostname();
    return host.equals("*")
        || host.equals(wanted)
        || (host.startsWith("*.") && wanted.endsWith(host.substring(1)));
  }

  /** The HTTP rules, in their own order. */
  List<RouteEntry> http() {
    String route =
        "VirtualService " + service.metadata().namespace() + "/" + service.metadata().name();
    List<RouteEntry> entries = new ArrayList<>();
    for (int i = 0; i < service.http().size(); i++) {
      VirtualService.Rule rule = service.http().get(i);
      String name = rule.name().isEmpty() ? String.valueOf(i) : rule.name();
      CorsPolicy cors = cors(rule.extras().cors());
      Fault fault = fault(rule.extras().fault());
      if (rule.matches().isEmpty()) {
        entries.add(
            new RouteEntry(
                route, name, HttpMatch.ANYTHING, action(rule, HttpMatch.ANYTHING), cors, fault));
      }
      for (VirtualService.Match match : rule.matches()) {
        if (isReachable(match.where())) {
          HttpMatch compiled = match(match);
          entries.add(new RouteEntry(route, name, compiled, action(rule, compiled), cors, fault));
        }
      }
    }
    return entries;
  }

  /** What asks for labels of the client is dropped, not taken for true. */
  private boolean isReachable(VirtualService.Where where) {
    return !where.sourceLabels()
        && (where.port() == 0 || where.port() == target.port())
        && (where.sourceNamespace().isEmpty()
            || where.sourceNamespace().equals(target.waypointNamespace()))
        && (where.gateways().isEmpty() || where.gateways().contains(MESH));
  }

  /** Where connections go; null when no rule is for the port. */
  @Nullable List<Share> stream(List<VirtualService.StreamRule> rules) {
    for (VirtualService.StreamRule rule : rules) {
      if (rule.ports().isEmpty() || rule.ports().contains(target.port())) {
        return shares(rule.destinations(), HeaderEdits.NONE, HeaderEdits.NONE);
      }
    }
    return null;
  }

  private HttpMatch match(VirtualService.Match match) {
    List<Field> headers = new ArrayList<>();
    fields(match.headers(), false, headers);
    fields(match.withoutHeaders(), true, headers);
    List<Field> query = new ArrayList<>();
    fields(match.queryParams(), false, query);
    return new HttpMatch(path(match.uri(), match.ignoreUriCase()), "", headers, query);
  }

  private void fields(Map<String, Text> texts, boolean absent, List<Field> to) {
    new TreeMap<>(texts)
        .forEach((name, text) -> {
          if (name.startsWith("@")) {
            throw new Unusable(
                Problem.INVALID_CONFIGURATION,
                "headers: got " + name + ", expected a header; claims do not route yet");
          }
          to.add(new Field(name, text(text), absent));
        });
  }

  private PathMatch path(@Nullable Text uri, boolean ignoreCase) {
    return switch (uri == null ? VirtualService.TextKind.PRESENT : uri.kind()) {
      case EXACT -> new HttpMatch.ExactPath(value(uri), ignoreCase);
      case PREFIX -> new HttpMatch.TextPrefix(value(uri), ignoreCase);
      case REGEX -> new HttpMatch.RegexPath(value(uri), patterns.apply(value(uri)));
      case PRESENT -> new HttpMatch.AnyPath();
    };
  }

  private static String value(@Nullable Text text) {
    return text == null ? "" : text.value();
  }

  private TextMatch text(Text text) {
    return switch (text.kind()) {
      case EXACT -> new TextMatch.Exact(text.value());
      case PREFIX -> new TextMatch.Prefix(text.value());
      case REGEX -> new TextMatch.Regex(text.value(), patterns.apply(text.value()));
      case PRESENT -> new TextMatch.Present();
    };
  }

  private RouteAction action(VirtualService.Rule rule, HttpMatch match) {
    HeaderEdits request = edits(rule.extras().request());
    HeaderEdits response = edits(rule.extras().response());
    return switch (rule.action()) {
      case VirtualService.Redirect(
              String scheme,
              String authority,
              String uri,
              int port,
              int status) ->
          new RouteAction.Redirect(
              new RouteFilter.Redirect(
                  scheme,
                  authority,
                  uri.isEmpty() ? null : new RouteFilter.FullPath(uri),
                  port,
                  status),
              response);
      case VirtualService.Respond(int status, String body) ->
          new RouteAction.Respond(status, body, response);
      case VirtualService.Forward forward ->
          new RouteAction.Forward(
              shares(forward.destinations(), request, response),
              rewrite(forward.rewrite(), match),
              mirrors(forward.mirrors()),
              timeouts(forward),
              retries(forward.retries()));
    };
  }

  private static HeaderEdits edits(RouteFilter.HeaderChange change) {
    if (!HeaderEdits.isSendable(change)) {
      throw new Unusable(
          Problem.INVALID_CONFIGURATION,
          "headers: got a control character in a value, expected printable text");
    }
    return HeaderEdits.of(change);
  }

  private List<Share> shares(
      List<Destination> destinations, HeaderEdits request, HeaderEdits response) {
    List<Destination> weighted = destinations.stream().filter(each -> each.weight() > 0).toList();
    List<Share> shares = new ArrayList<>();
    for (Destination each : weighted) {
      boolean alone = weighted.size() == 1;
      shares.add(
          new Share(
              backend(each),
              each.weight(),
              RuleFilters.Reading.ordered(request, edits(each.request()), alone),
              RuleFilters.Reading.ordered(response, edits(each.response()), alone)));
    }
    return shares;
  }

  private Backend backend(Destination to) {
    BackendReference reference =
        new BackendReference(
            "networking.istio.io", "Hostname", "", fullHost(to.host()), to.port(), 1, List.of());
    return switch (backends.apply(reference)) {
      case RouteAction.Cluster cluster ->
          new RouteAction.Cluster(cluster.service(), cluster.port(), to.subset());
      case RouteAction.Missing missing ->
          new RouteAction.Missing(missing.name(), LocalReply.UNKNOWN_CLUSTER);
    };
  }

  private static RouteAction.@Nullable Rewrite rewrite(
      VirtualService.@Nullable Rewrite rewrite, HttpMatch match) {
    if (rewrite == null) {
      return null;
    }
    boolean prefix = match.path() instanceof HttpMatch.TextPrefix;
    RouteFilter.PathChange change =
        rewrite.uri().isEmpty()
            ? null
            : prefix
                ? new RouteFilter.PrefixMatch(rewrite.uri())
                : new RouteFilter.FullPath(rewrite.uri());
    return new RouteAction.Rewrite(rewrite.authority(), change, true);
  }

  private List<RouteAction.Mirror> mirrors(List<VirtualService.Mirror> mirrors) {
    List<RouteAction.Mirror> all = new ArrayList<>();
    for (VirtualService.Mirror mirror : mirrors) {
      if (backend(mirror.destination()) instanceof RouteAction.Cluster cluster) {
        int numerator = (int) Math.round(mirror.percent() * MILLIONTHS);
        all.add(new RouteAction.Mirror(cluster, numerator, 100 * MILLIONTHS));
      }
    }
    return all;
  }

  private static RouteTimeouts timeouts(VirtualService.Forward forward) {
    VirtualService.Retries retries = forward.retries();
    return new RouteTimeouts(
        limit(forward.timeout()), retries == null ? null : limit(retries.perTryTimeout()));
  }

  private static @Nullable Duration limit(@Nullable Duration said) {
    return said == null || said.isZero() ? null : said;
  }

  static RetryPolicy retries(VirtualService.@Nullable Retries retries) {
    if (retries == null) {
      return RetryPolicy.DEFAULT;
    }
    if (retries.attempts() <= 0) {
      return RetryPolicy.NEVER;
    }
    RetryPolicy plain = RetryPolicy.of(retries.attempts(), retries.retryOn(), retries.backoff());
    return new RetryPolicy(
        plain.retries(),
        plain.on(),
        plain.codes(),
        plain.baseInterval(),
        plain.maxInterval(),
        retries.ignorePreviousHosts(),
        retries.remoteLocalities());
  }

  private static @Nullable Fault fault(VirtualService.@Nullable Fault fault) {
    return fault == null
        ? null
        : new Fault(
            fault.delay(),
            fault.delayPercent(),
            fault.status(),
            fault.grpcStatus(),
            fault.abortPercent());
  }

  private @Nullable CorsPolicy cors(VirtualService.@Nullable Cors cors) {
    if (cors == null) {
      return null;
    }
    List<TextMatch> origins = new ArrayList<>();
    for (Text origin : cors.origins()) {
      boolean any = origin.kind() == VirtualService.TextKind.EXACT && origin.value().equals("*");
      origins.add(any ? TextMatch.wildcard("*://*") : text(origin));
    }
    return new CorsPolicy(
        origins,
        String.join(",", cors.methods()),
        String.join(",", cors.headers()).toLowerCase(Locale.ROOT),
        String.join(",", cors.exposed()),
        cors.maxAge() == null ? -1 : (int) cors.maxAge().toSeconds(),
        cors.credentials(),
        cors.forwardsOthers());
  }
}
