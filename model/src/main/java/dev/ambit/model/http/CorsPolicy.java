package dev.ambit.model.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which pages of other origins may call (spec: http-routing §8).
 *
 * @param methods as the header lists them, "" for none; so {@code headers} and {@code exposed}
 * @param maxAge in seconds; negative is not said
 * @param forwardsOthers whether a preflight from elsewhere goes to the backend
 */
public record CorsPolicy(
    List<TextMatch> origins,
    String methods,
    String headers,
    String exposed,
    int maxAge,
    boolean credentials,
    boolean forwardsOthers) {
  public CorsPolicy {
    origins = List.copyOf(origins);
  }

  /** What to do with a request. */
  public sealed interface Decision {}

  /** Answer it with 200 and these headers. */
  public record Answer(Map<String, String> headers) implements Decision {}

  /** Send it on, and put these headers on the response. */
  public record Continue(Map<String, String> headers) implements Decision {}

  private static final Continue UNCHANGED = new Continue(Map.of());

  /** Decides about one request. */
  public Decision decide(HttpAttributes request) {
    String origin = request.headers().joined("origin");
    if (origin == null) {
      return UNCHANGED;
    }
    boolean allowed = origins.stream().anyMatch(each -> each.matches(origin));
    if (isPreflight(request)) {
      if (!allowed) {
        return forwardsOthers ? UNCHANGED : new Answer(Map.of());
      }
      Map<String, String> answer = allowing(origin);
      put(answer, "access-control-allow-methods", methods);
      put(answer, "access-control-allow-headers", headers);
      put(answer, "access-control-max-age", maxAge < 0 ? "" : String.valueOf(maxAge));
      return new Answer(answer);
    }
    if (!allowed) {
      return UNCHANGED;
    }
    Map<String, String> added = allowing(origin);
    put(added, "access-control-expose-headers", exposed);
    return new Continue(added);
  }

  private Map<String, String> allowing(String origin) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("access-control-allow-origin", origin);
    put(headers, "access-control-allow-credentials", credentials ? "true" : "");
    return headers;
  }

  private static void put(Map<String, String> headers, String name, String value) {
    if (!value.isEmpty()) {
      headers.put(name, value);
    }
  }

  /** Whether a browser asks before it calls. Such a request carries no token. */
  public static boolean isPreflight(HttpAttributes request) {
    return request.method().equals("OPTIONS")
        && request.headers().joined("origin") != null
        && request.headers().joined("access-control-request-method") != null;
  }
}
