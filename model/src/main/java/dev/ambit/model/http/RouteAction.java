package dev.ambit.model.http;

import dev.ambit.model.object.RouteFilter;
import dev.ambit.model.object.RouteFilter.PathChange;
import dev.ambit.model.object.SessionPersistence;
import dev.ambit.model.workload.ServiceKey;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What becomes of a request that a rule took (spec: http-routing §4, §5). */
public sealed interface RouteAction {

  /**
   * It is sent on.
   *
   * @param shares where to; without any it is answered with 500
   * @param session null without
   */
  record Forward(
      List<Share> shares,
      @Nullable Rewrite rewrite,
      List<Mirror> mirrors,
      RouteTimeouts timeouts,
      RetryPolicy retry,
      @Nullable SessionPersistence session)
      implements RouteAction {
    /** One without sessions. */
    public Forward(
        List<Share> shares,
        @Nullable Rewrite rewrite,
        List<Mirror> mirrors,
        RouteTimeouts timeouts,
        RetryPolicy retry) {
      this(shares, rewrite, mirrors, timeouts, retry, null);
    }

    public Forward {
      shares = List.copyOf(shares);
      mirrors = List.copyOf(mirrors);
    }

    /** Draws one share by weight; null when there is none, which is answered with 500. */
    public @Nullable Share choose(RandomGenerator random) {
      return draw(shares, random);
    }
  }

  /** Draws one share by weight, or null. */
  static @Nullable Share draw(List<Share> shares, RandomGenerator random) {
    long sum = 0;
    for (Share share : shares) {
      sum += share.weight();
    }
    if (sum <= 0) {
      return null;
    }
    long draw = shares.size() == 1 ? 0 : random.nextLong(sum);
    for (Share share : shares) {
      draw -= share.weight();
      if (draw < 0) {
        return share;
      }
    }
    return null;
  }

  /** It is answered with another place to go to. */
  record Redirect(RouteFilter.Redirect to, HeaderEdits response) implements RouteAction {

    /**
     * The value of {@code Location}.
     *
     * @param taken the match that took the request
     * @param servicePort the port it came in on
     */
    public String location(HttpAttributes request, RouteEntry taken, int servicePort) {
      String scheme = to.scheme().isEmpty() ? request.scheme() : to.scheme();
      int usual = scheme.equals("https") ? 443 : 80;
      int port = to.port() != 0 ? to.port() : to.scheme().isEmpty() ? servicePort : usual;
      boolean asItIs = to.port() < 0;
      String own = asItIs ? request.authority() : request.host();
      String host = to.hostname().isEmpty() ? own : to.hostname();
      return scheme
          + "://"
          + host
          + (asItIs || port == usual ? "" : ":" + port)
          + changed(request.path(), to.path(), taken.prefix())
          + request.query();
    }
  }

  /** It is answered here. */
  record Respond(int status, String body, HeaderEdits response) implements RouteAction {}

  /** A part of the traffic. */
  record Share(Backend backend, int weight, List<HeaderEdits> request, List<HeaderEdits> response) {
    public Share {
      request = List.copyOf(request);
      response = List.copyOf(response);
    }
  }

  /** Where traffic can go. */
  sealed interface Backend {}

  /**
   * Endpoints of a service.
   *
   * @param port 0 is the only one it has, or else the one the request came in on
   * @param subset "" for all of them
   */
  record Cluster(ServiceKey service, int port, String subset) implements Backend {}

  /** Nowhere: this is answered instead. */
  record Missing(String name, LocalReply reply) implements Backend {}

  /** Copies of {@code numerator} of {@code denominator} requests go to {@code backend}. */
  record Mirror(Cluster backend, int numerator, int denominator) {
    /** Draws whether a request is copied. */
    public boolean takes(RandomGenerator random) {
      return numerator >= denominator || (numerator > 0 && random.nextInt(denominator) < numerator);
    }
  }

  /**
   * What the request is called when it is sent on. "" keeps the authority, null the path.
   *
   * @param replacesText whether the prefix is characters, not segments
   */
  record Rewrite(String authority, @Nullable PathChange path, boolean replacesText) {
    /** The new path, without query. */
    public String path(HttpAttributes request, RouteEntry taken) {
      if (replacesText && path instanceof RouteFilter.PrefixMatch(String value)) {
        return value + request.path().substring(taken.prefix().length());
      }
      return changed(request.path(), path, taken.prefix());
    }
  }

  private static String changed(String path, @Nullable PathChange change, String prefix) {
    return switch (change) {
      case null -> path;
      case RouteFilter.FullPath(String value) -> value.isEmpty() ? "/" : value;
      case RouteFilter.PrefixMatch(String value) -> {
        String start = value.endsWith("/") ? value.substring(0, value.length() - 1) : value;
        String whole = start + path.substring(Math.min(prefix.length(), path.length()));
        yield whole.startsWith("/") ? whole : "/" + whole;
      }
    };
  }
}
