package dev.ambit.model.http;

import dev.ambit.model.http.CompiledRoute.Problem;
import dev.ambit.model.http.RouteAction.Backend;
import dev.ambit.model.http.RouteAction.Mirror;
import dev.ambit.model.http.RouteAction.Share;
import dev.ambit.model.http.RouteCompiler.Unusable;
import dev.ambit.model.object.BackendReference;
import dev.ambit.model.object.GrpcRoute;
import dev.ambit.model.object.HttpRoute;
import dev.ambit.model.object.RouteFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the filters and backends of one rule come to (spec: http-routing §4, §5). */
record RuleFilters(RouteAction action, @Nullable CorsPolicy cors) {

  /** Reads rules; {@code backends} says where a reference leads. */
  record Reading(Function<BackendReference, Backend> backends) {

    RuleFilters ofHttp(HttpRoute.Rule rule) {
      Gathered gathered = new Gathered();
      rule.filters().forEach(filter -> take(filter, gathered));
      if (gathered.redirect != null) {
        return new RuleFilters(
            new RouteAction.Redirect(gathered.redirect, gathered.response), gathered.cors);
      }
      return new RuleFilters(
          new RouteAction.Forward(
              shares(rule.backends(), gathered),
              gathered.rewrite,
              gathered.mirrors,
              RouteTimeouts.of(rule.timeouts(), rule.retry()),
              RetryPolicy.of(rule.retry()),
              rule.session()),
          gathered.cors);
    }

    RuleFilters ofGrpc(GrpcRoute.Rule rule) {
      Gathered gathered = new Gathered();
      for (RouteFilter filter : rule.filters()) {
        switch (filter) {
          case RouteFilter.RequestHeaders _, RouteFilter.ResponseHeaders _, RouteFilter.Mirror _ ->
              take(filter, gathered);
          case RouteFilter.Cors _,
              RouteFilter.Redirect _,
              RouteFilter.Rewrite _,
              RouteFilter.Unsupported _ ->
              throw unsupported(filter, "header edits or RequestMirror in a GRPCRoute");
        }
      }
      return new RuleFilters(
          new RouteAction.Forward(
              shares(rule.backends(), gathered),
              null,
              gathered.mirrors,
              RouteTimeouts.NONE,
              RetryPolicy.DEFAULT,
              rule.session()),
          null);
    }

    private void take(RouteFilter filter, Gathered gathered) {
      switch (filter) {
        case RouteFilter.RequestHeaders(RouteFilter.HeaderChange change) ->
            gathered.request = edits(change);
        case RouteFilter.ResponseHeaders(RouteFilter.HeaderChange change) ->
            gathered.response = edits(change);
        case RouteFilter.Redirect redirect -> gathered.redirect = redirect;
        case RouteFilter.Rewrite(String hostname, RouteFilter.PathChange path) ->
            gathered.rewrite = new RouteAction.Rewrite(hostname, path, false);
        case RouteFilter.Mirror mirror -> {
          if (backends.apply(mirror.backend()) instanceof RouteAction.Cluster cluster) {
            gathered.mirrors.add(new Mirror(cluster, mirror.numerator(), mirror.denominator()));
          }
        }
        case RouteFilter.Cors cors -> gathered.cors = cors(cors);
        case RouteFilter.Unsupported _ -> throw unsupported(filter, "a filter that Ambit supports");
      }
    }

    /** Shares of the backends that have a weight; the others are not even looked for. */
    private List<Share> shares(List<BackendReference> references, Gathered gathered) {
      List<BackendReference> weighted =
          references.stream().filter(reference -> reference.weight() > 0).toList();
      boolean alone = weighted.size() == 1;
      List<Share> shares = new ArrayList<>();
      for (BackendReference reference : weighted) {
        HeaderEdits request = HeaderEdits.NONE;
        HeaderEdits response = HeaderEdits.NONE;
        for (RouteFilter filter : reference.filters()) {
          switch (filter) {
            case RouteFilter.RequestHeaders(RouteFilter.HeaderChange change) ->
                request = edits(change);
            case RouteFilter.ResponseHeaders(RouteFilter.HeaderChange change) ->
                response = edits(change);
            case RouteFilter.Cors _,
                RouteFilter.Mirror _,
                RouteFilter.Redirect _,
                RouteFilter.Rewrite _,
                RouteFilter.Unsupported _ ->
                throw unsupported(filter, "header edits only in backendRefs");
          }
        }
        shares.add(
            new Share(
                backends.apply(reference),
                reference.weight(),
                ordered(gathered.request, request, alone),
                ordered(gathered.response, response, alone)));
      }
      return shares;
    }

    /** With one backend its own edits win, with several those of the rule do. */
    static List<HeaderEdits> ordered(HeaderEdits rule, HeaderEdits backend, boolean alone) {
      List<HeaderEdits> both = alone ? List.of(rule, backend) : List.of(backend, rule);
      return both.stream().filter(edits -> !edits.isEmpty()).toList();
    }

    private static HeaderEdits edits(RouteFilter.HeaderChange change) {
      if (!HeaderEdits.isSendable(change)) {
        throw new Unusable(
            Problem.INVALID_FILTER,
            "header value: got a control character, expected printable text");
      }
      return HeaderEdits.of(change);
    }

    private static Unusable unsupported(RouteFilter filter, String expected) {
      String got =
          filter instanceof RouteFilter.Unsupported(String type)
              ? type
              : filter.getClass().getSimpleName();
      return new Unusable(Problem.INVALID_FILTER, "filters: got " + got + ", expected " + expected);
    }

    private static CorsPolicy cors(RouteFilter.Cors cors) {
      List<TextMatch> origins = new ArrayList<>();
      for (String origin : cors.origins()) {
        origins.add(TextMatch.wildcard(origin.equals("*") ? "*://*" : origin));
      }
      return new CorsPolicy(
          origins,
          String.join(",", cors.methods()),
          String.join(",", cors.headers()),
          String.join(",", cors.exposed()),
          cors.maxAge(),
          cors.credentials(),
          false);
    }
  }

  /** The filters of a rule while they are read. */
  private static final class Gathered {
    private HeaderEdits request = HeaderEdits.NONE;
    private HeaderEdits response = HeaderEdits.NONE;
    private RouteFilter.@Nullable Redirect redirect;
    private RouteAction.@Nullable Rewrite rewrite;
    private @Nullable CorsPolicy cors;
    private final List<Mirror> mirrors = new ArrayList<>();
  }
}
