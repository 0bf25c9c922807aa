package dev.ambit.model.object;

import dev.ambit.model.object.RouteFilter.HeaderChange;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@code networking.istio.io VirtualService}, as far as waypoints obey it (spec: http-routing
 * §9).
 *
 * @param hosts names, short or full, or ones that begin with {@code *}
 * @param gateways empty or with {@code mesh} means waypoints
 * @param exportTo namespaces that see it, {@code .} and {@code *}; empty is every one
 */
public record VirtualService(
    Metadata metadata,
    List<String> hosts,
    List<String> gateways,
    List<String> exportTo,
    List<Rule> http,
    List<StreamRule> tls,
    List<StreamRule> tcp)
    implements ClusterObject {
  public VirtualService {
    hosts = List.copyOf(hosts);
    gateways = List.copyOf(gateways);
    exportTo = List.copyOf(exportTo);
    http = List.copyOf(http);
    tls = List.copyOf(tls);
    tcp = List.copyOf(tcp);
  }

  @Override
  public VirtualService withMetadata(Metadata other) {
    return new VirtualService(other, hosts, gateways, exportTo, http, tls, tcp);
  }

  /** One rule; matches are joined by OR, none match everything. */
  public record Rule(String name, List<Match> matches, Action action, Extras extras) {
    public Rule {
      matches = List.copyOf(matches);
    }
  }

  /** What becomes of the request. */
  public sealed interface Action {}

  /** It is sent on; {@code rewrite} is null when it stays as it is. */
  public record Forward(
      List<Destination> destinations,
      @Nullable Rewrite rewrite,
      List<Mirror> mirrors,
      @Nullable Duration timeout,
      @Nullable Retries retries)
      implements Action {
    public Forward {
      destinations = List.copyOf(destinations);
      mirrors = List.copyOf(mirrors);
    }
  }

  /**
   * It is answered with another place to go to; "" is what stays.
   *
   * @param port -1 leaves the authority as it is, 0 is the port the request came in on
   */
  public record Redirect(String scheme, String authority, String uri, int port, int status)
      implements Action {}

  /** It is answered here. */
  public record Respond(int status, String body) implements Action {}

  /** The rest of a rule. */
  public record Extras(
      @Nullable Fault fault, @Nullable Cors cors, HeaderChange request, HeaderChange response) {}

  /** Its parts are joined by AND; null and empty is what was not said. */
  public record Match(
      @Nullable Text uri,
      boolean ignoreUriCase,
      Map<String, Text> headers,
      Map<String, Text> withoutHeaders,
      Map<String, Text> queryParams,
      Where where) {
    public Match {
      headers = Map.copyOf(headers);
      withoutHeaders = Map.copyOf(withoutHeaders);
      queryParams = Map.copyOf(queryParams);
    }
  }

  /**
   * What of a match does not depend on the request.
   *
   * @param port 0 for any
   * @param sourceLabels whether it asks for labels of the client, which a waypoint does not know
   */
  public record Where(
      int port, String sourceNamespace, boolean sourceLabels, List<String> gateways) {
    public Where {
      gateways = List.copyOf(gateways);
    }
  }

  /** How a text compares. */
  public record Text(TextKind kind, String value) {}

  /** Ways a text compares. */
  public enum TextKind {
    EXACT,
    PREFIX,
    REGEX,
    PRESENT
  }

  /** Where to; {@code subset} is "" for all endpoints, {@code port} 0 when not said. */
  public record Destination(
      String host,
      String subset,
      int port,
      int weight,
      HeaderChange request,
      HeaderChange response) {}

  /** New names for the request; "" keeps the old one. */
  public record Rewrite(String uri, String authority) {}

  /** Copies for {@code percent} of the requests. */
  public record Mirror(Destination destination, double percent) {}

  /** When it is tried again. */
  public record Retries(
      int attempts,
      @Nullable Duration perTryTimeout,
      String retryOn,
      @Nullable Duration backoff,
      boolean ignorePreviousHosts,
      boolean remoteLocalities) {}

  /** Trouble made on purpose; {@code grpcStatus} is -1 when {@code status} counts, 0 is none. */
  public record Fault(
      @Nullable Duration delay,
      double delayPercent,
      int status,
      int grpcStatus,
      double abortPercent) {}

  /** Which pages of other origins may call. */
  public record Cors(
      List<Text> origins,
      List<String> methods,
      List<String> headers,
      List<String> exposed,
      @Nullable Duration maxAge,
      boolean credentials,
      boolean forwardsOthers) {
    public Cors {
      origins = List.copyOf(origins);
      methods = List.copyOf(methods);
      headers = List.copyOf(headers);
      exposed = List.copyOf(exposed);
    }
  }

  /** Where connections go; {@code ports} are those it is for, empty for all. */
  public record StreamRule(List<Integer> ports, List<Destination> destinations) {
    public StreamRule {
      ports = List.copyOf(ports);
      destinations = List.copyOf(destinations);
    }
  }
}
