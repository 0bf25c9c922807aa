package dev.ambit.model.object;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@code gateway.networking.k8s.io GRPCRoute} with the API server's defaults filled in.
 *
 * @param hostnames mean nothing for a Service parent
 */
public record GrpcRoute(
    Metadata metadata, List<ParentReference> parents, List<String> hostnames, List<Rule> rules)
    implements ClusterObject {
  public GrpcRoute {
    parents = List.copyOf(parents);
    hostnames = List.copyOf(hostnames);
    rules = List.copyOf(rules);
  }

  @Override
  public GrpcRoute withMetadata(Metadata other) {
    return new GrpcRoute(other, parents, hostnames, rules);
  }

  /**
   * One rule; matches are joined by OR, none match everything.
   *
   * @param session null without
   */
  public record Rule(
      String name,
      List<Match> matches,
      List<RouteFilter> filters,
      List<BackendReference> backends,
      @Nullable SessionPersistence session) {
    /** One without sessions. */
    public Rule(
        String name,
        List<Match> matches,
        List<RouteFilter> filters,
        List<BackendReference> backends) {
      this(name, matches, filters, backends, null);
    }

    public Rule {
      matches = List.copyOf(matches);
      filters = List.copyOf(filters);
      backends = List.copyOf(backends);
    }
  }

  /** Its parts are joined by AND; "" is a part of the method that may be anything. */
  public record Match(
      String service, String method, boolean regularExpression, List<HttpRoute.Value> headers) {
    public Match {
      headers = List.copyOf(headers);
    }
  }
}
