package dev.ambit.daemon.manifest;

import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.HttpRoute.Match;
import dev.ambit.model.object.HttpRoute.Path;
import dev.ambit.model.object.HttpRoute.PathType;
import dev.ambit.model.object.HttpRoute.Retry;
import dev.ambit.model.object.HttpRoute.Rule;
import dev.ambit.model.object.HttpRoute.Timeouts;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.RouteFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads an HTTPRoute with the API server's defaults and limits (spec: http-routing §2). */
final class HttpRouteReader {
  private static final int MOST_MATCHES = 64;
  private static final int MOST_MATCHES_OF_ROUTE = 128;
  private static final Map<String, PathType> PATH_TYPES =
      Map.of(
          "Exact", PathType.EXACT,
          "PathPrefix", PathType.PREFIX,
          "RegularExpression", PathType.REGULAR_EXPRESSION);
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH");

  /** What the API server takes for a path: no empty, dot or escaped-slash segments. */
  private static final Pattern ODD_PATH =
      Pattern.compile("//|/\\./|/\\.\\./|%2[fF]|#|/\\.$|/\\.\\.$");

  private HttpRouteReader() {}

  static HttpRoute read(Metadata metadata, FieldReader fields) {
    FieldReader spec =
        RouteFields.spec(fields, Set.of("parentRefs", "hostnames", "rules", "useDefaultGateways"));
    List<Rule> rules = new ArrayList<>();
    int matches = 0;
    for (FieldReader rule : spec.mappings("rules", RouteFields.MOST_RULES)) {
      rules.add(rule(rule));
      matches += rules.getLast().matches().size();
    }
    if (!spec.has("rules")) {
      Timeouts none = Timeouts.NONE;
      Match all = new Match(Match.ANY_PATH, List.of(), List.of(), "");
      rules.add(new Rule("", List.of(all), List.of(), List.of(), none, null));
    }
    if (matches > MOST_MATCHES_OF_ROUTE) {
      spec.problem("rules", matches + " matches", "at most " + MOST_MATCHES_OF_ROUTE);
    }
    return new HttpRoute(
        metadata, RouteFields.parents(metadata, spec), RouteFields.hostnames(spec), rules);
  }

  private static Rule rule(FieldReader rule) {
    rule.strictly(
        Set.of(
            "name",
            "matches",
            "filters",
            "backendRefs",
            "timeouts",
            "retry",
            "sessionPersistence"));
    List<Match> matches = new ArrayList<>();
    for (FieldReader match : rule.mappings("matches", MOST_MATCHES)) {
      matches.add(match(match));
    }
    if (matches.isEmpty()) {
      matches.add(new Match(Match.ANY_PATH, List.of(), List.of(), ""));
    }
    List<RouteFilter> filters = FilterReader.read(rule);
    List<BackendReference> backends = RouteFields.backends(rule, FilterReader::read);
    check(rule, matches, filters, backends);
    return new Rule(
        rule.formed("name", Forms.NAME, Forms::name),
        matches,
        filters,
        backends,
        timeouts(rule),
        retry(rule),
        SessionReader.read(rule));
  }

  /** What the API server checks across the fields of a rule. */
  private static void check(
      FieldReader rule,
      List<Match> matches,
      List<RouteFilter> filters,
      List<BackendReference> backends) {
    boolean prefixChange = false;
    for (RouteFilter filter : filters) {
      if (filter instanceof RouteFilter.Redirect redirect) {
        prefixChange |= redirect.path() instanceof RouteFilter.PrefixMatch;
        if (!backends.isEmpty()) {
          rule.problem("backendRefs", "backends beside RequestRedirect", "only one of them");
        }
      } else if (filter instanceof RouteFilter.Rewrite rewrite) {
        prefixChange |= rewrite.path() instanceof RouteFilter.PrefixMatch;
      }
    }
    if (prefixChange
        && !(matches.size() == 1 && matches.getFirst().path().type() == PathType.PREFIX)) {
      rule.problem(
          "filters", "replacePrefixMatch", "exactly one match, of type PathPrefix, beside it");
    }
  }

  private static Match match(FieldReader match) {
    match.strictly(Set.of("path", "headers", "queryParams", "method"));
    String method =
        match.formed("method", "one of " + String.join(", ", METHODS), METHODS::contains);
    return new Match(
        path(match),
        RouteFields.values(match, "headers"),
        RouteFields.values(match, "queryParams"),
        method);
  }

  private static Path path(FieldReader match) {
    FieldReader path = match.mappingOrEmpty("path");
    path.strictly(Set.of("type", "value"));
    PathType type = path.choice("type", PATH_TYPES, PathType.PREFIX);
    String value = path.text("value", "/");
    if (type != PathType.REGULAR_EXPRESSION
        && !(value.startsWith("/") && !ODD_PATH.matcher(value).find())) {
      path.problem("value", '"' + value + '"', "a path such as /v1, without empty or dot segments");
    }
    return new Path(type, value);
  }

  private static Timeouts timeouts(FieldReader rule) {
    FieldReader timeouts = rule.mappingOrEmpty("timeouts");
    timeouts.strictly(Set.of("request", "backendRequest"));
    Duration request = timeouts.duration("request");
    Duration backend = timeouts.duration("backendRequest");
    if (request != null && backend != null && !request.isZero() && backend.compareTo(request) > 0) {
      timeouts.problem("backendRequest", "more than request", "at most request");
    }
    return new Timeouts(request, backend);
  }

  private static @Nullable Retry retry(FieldReader rule) {
    FieldReader retry = rule.mapping("retry").orElse(null);
    if (retry == null) {
      return null;
    }
    retry.strictly(Set.of("codes", "attempts", "backoff"));
    return new Retry(
        retry.wholes("codes", 400, 599),
        (int) retry.whole("attempts", 0, Integer.MAX_VALUE, -1),
        retry.duration("backoff"));
  }
}
