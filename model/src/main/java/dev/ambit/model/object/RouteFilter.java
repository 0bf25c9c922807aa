package dev.ambit.model.object;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a rule does to its requests and responses (spec: http-routing §4). */
public sealed interface RouteFilter {
  /** Edits of request headers. */
  record RequestHeaders(HeaderChange change) implements RouteFilter {}

  /** Edits of response headers. */
  record ResponseHeaders(HeaderChange change) implements RouteFilter {}

  /** Which headers are set, added and removed; names in lower case, first of a name wins. */
  record HeaderChange(Map<String, String> set, Map<String, String> add, List<String> remove) {
    public HeaderChange {
      set = Map.copyOf(set);
      add = Map.copyOf(add);
      remove = List.copyOf(remove);
    }
  }

  /**
   * Answers with another place to go to. "" and 0 are what was not said.
   *
   * @param path null keeps the path
   * @param port -1 keeps the authority as it is
   */
  record Redirect(String scheme, String hostname, @Nullable PathChange path, int port, int status)
      implements RouteFilter {}

  /** Sends the request on under another name. "" keeps the authority, null the path. */
  record Rewrite(String hostname, @Nullable PathChange path) implements RouteFilter {}

  /** How a path is changed. */
  sealed interface PathChange {}

  /** Replaces all of the path. */
  record FullPath(String value) implements PathChange {}

  /** Replaces the prefix that matched. */
  record PrefixMatch(String value) implements PathChange {}

  /** Sends copies of {@code numerator} of {@code denominator} requests. */
  record Mirror(BackendReference backend, int numerator, int denominator) implements RouteFilter {}

  /**
   * Lets pages of other origins call (spec: http-routing §8).
   *
   * @param maxAge in seconds
   */
  record Cors(
      List<String> origins,
      List<String> methods,
      List<String> headers,
      List<String> exposed,
      int maxAge,
      boolean credentials)
      implements RouteFilter {
    public Cors {
      origins = List.copyOf(origins);
      methods = List.copyOf(methods);
      headers = List.copyOf(headers);
      exposed = List.copyOf(exposed);
    }
  }

  /** One that Ambit has no meaning for, such as an ExtensionRef. */
  record Unsupported(String type) implements RouteFilter {}
}
