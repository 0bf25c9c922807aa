package dev.ambit.model.object;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@code gateway.networking.k8s.io HTTPRoute} with the API server's defaults filled in.
 *
 * @param hostnames mean nothing for a Service parent
 */
public record HttpRoute(
    Metadata metadata, List<ParentReference> parents, List<String> hostnames, List<Rule> rules)
    implements ClusterObject {
  public HttpRoute {
    parents = List.copyOf(parents);
    hostnames = List.copyOf(hostnames);
    rules = List.copyOf(rules);
  }

  @Override
  public HttpRoute withMetadata(Metadata other) {
    return new HttpRoute(other, parents, hostnames, rules);
  }

  /**
   * One rule; matches are joined by OR.
   *
   * @param name "" when not said
   * @param retry null when not said
   * @param session null without
   */
  public record Rule(
      String name,
      List<Match> matches,
      List<RouteFilter> filters,
      List<BackendReference> backends,
      Timeouts timeouts,
      @Nullable Retry retry,
      @Nullable SessionPersistence session) {
    /** One without sessions. */
    public Rule(
        String name,
        List<Match> matches,
        List<RouteFilter> filters,
        List<BackendReference> backends,
        Timeouts timeouts,
        @Nullable Retry retry) {
      this(name, matches, filters, backends, timeouts, retry, null);
    }

    public Rule {
      matches = List.copyOf(matches);
      filters = List.copyOf(filters);
      backends = List.copyOf(backends);
    }
  }

  /**
   * Its parts are joined by AND.
   *
   * @param method "" for any
   */
  public record Match(Path path, List<Value> headers, List<Value> queryParams, String method) {
    /** What a match that says nothing of the path has. */
    public static final Path ANY_PATH = new Path(PathType.PREFIX, "/");

    public Match {
      headers = List.copyOf(headers);
      queryParams = List.copyOf(queryParams);
    }
  }

  /** How a path compares. */
  public record Path(PathType type, String value) {}

  /** Ways a path compares. */
  public enum PathType {
    EXACT,
    PREFIX,
    REGULAR_EXPRESSION
  }

  /** How one header or query parameter compares. */
  public record Value(String name, String value, boolean regularExpression) {}

  /** Null is what was not said; zero switches it off. */
  public record Timeouts(@Nullable Duration request, @Nullable Duration backendRequest) {
    public static final Timeouts NONE = new Timeouts(null, null);
  }

  /**
   * When a request is tried again.
   *
   * @param codes response codes that are tried again
   * @param attempts retries beside the first try; -1 when not said
   * @param backoff null when not said
   */
  public record Retry(List<Integer> codes, int attempts, @Nullable Duration backoff) {
    public Retry {
      codes = List.copyOf(codes);
    }
  }
}
