package dev.ambit.model.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What decisions know of a request.
 *
 * @param scheme of the request as the client means it, {@code http} inside a tunnel
 * @param authority of the request, with its port if it named one
 * @param path normalised, without query
 * @param query with its {@code ?}; "" when there is none
 */
public record HttpAttributes(
    String method, String scheme, String authority, String path, String query, Headers headers) {

  /** Header values by name. */
  @FunctionalInterface
  public interface Headers {
    /** The values of a header joined by commas; null when it is absent; names in lower case. */
    @Nullable String joined(String name);
  }

  /**
   * Takes the target of a request apart; empty when it must be refused with 400: it has a fragment,
   * or a path that has no normal form.
   */
  public static Optional<HttpAttributes> of(
      String method,
      String scheme,
      String authority,
      String target,
      Headers headers,
      PathNormalization normalization) {
    if (target.indexOf('#') >= 0) {
      return Optional.empty();
    }
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String query = question < 0 ? "" : target.substring(question);
    return normalization
        .apply(path)
        .map(plain -> new HttpAttributes(method, scheme, authority, plain, query, headers));
  }

  /** Path and query as they are sent on. */
  public String target() {
    return path + query;
  }

  /** A header, or {@code :method}, {@code :scheme}, {@code :authority}; null when absent. */
  public @Nullable String header(String name) {
    return switch (name) {
      case ":method" -> method;
      case ":scheme" -> scheme;
      case ":authority" -> authority;
      default -> headers.joined(name);
    };
  }

  /** The first value of a query parameter, not decoded; null when it is absent. */
  public @Nullable String queryValue(String name) {
    int start = 1;
    while (start < query.length()) {
      int next = query.indexOf('&', start);
      int end = next < 0 ? query.length() : next;
      int equals = query.indexOf('=', start);
      int nameEnd = equals < 0 || equals > end ? end : equals;
      if (nameEnd - start == name.length() && query.startsWith(name, start)) {
        return nameEnd == end ? "" : query.substring(nameEnd + 1, end);
      }
      start = end + 1;
    }
    return null;
  }

  /** The value of a cookie; null when it is absent. */
  public @Nullable String cookie(String name) {
    String cookies = headers.joined("cookie");
    if (cookies == null) {
      return null;
    }
    for (String each : cookies.split("[;,]", -1)) {
      String pair = each.strip();
      int equals = pair.indexOf('=');
      if (equals == name.length() && pair.startsWith(name)) {
        String value = pair.substring(equals + 1);
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        return quoted ? value.substring(1, value.length() - 1) : value;
      }
    }
    return null;
  }

  /** The authority without its port. */
  public String host() {
    int colon = authority.lastIndexOf(':');
    boolean insideBrackets = authority.indexOf(']') > colon;
    return colon < 0 || insideBrackets ? authority : authority.substring(0, colon);
  }
}
