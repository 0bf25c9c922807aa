package dev.ambit.model.traffic;

import dev.ambit.model.hash.XxHash64;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.object.TrafficPolicy.CookieKey;
import dev.ambit.model.object.TrafficPolicy.HashKey;
import dev.ambit.model.object.TrafficPolicy.HeaderKey;
import dev.ambit.model.object.TrafficPolicy.QueryKey;
import dev.ambit.model.object.TrafficPolicy.SourceIpKey;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The hash that picks an endpoint for a request (spec: traffic-policy §3).
 *
 * @param hash empty picks at random
 * @param setCookie for the response, "" for none
 */
public record RequestHash(OptionalLong hash, String setCookie) {
  private static final RequestHash NONE = new RequestHash(OptionalLong.empty(), "");

  /** The two ends of the client's connection, as text. */
  public record Connection(String sourceIp, String remote, String local) {}

  public static RequestHash of(HashKey key, HttpAttributes request, Connection connection) {
    return switch (key) {
      case HeaderKey(String name) -> ofValue(request.headers().joined(name));
      case QueryKey(String name) -> ofValue(request.queryValue(name));
      case SourceIpKey() -> ofValue(connection.sourceIp());
      case CookieKey cookie -> ofCookie(cookie, request, connection);
    };
  }

  private static RequestHash ofValue(@Nullable String value) {
    return value == null || value.isEmpty()
        ? NONE
        : new RequestHash(OptionalLong.of(XxHash64.of(value)), "");
  }

  private static RequestHash ofCookie(
      CookieKey cookie, HttpAttributes request, Connection connection) {
    String sent = request.cookie(cookie.name());
    if (sent != null && !sent.isEmpty()) {
      return ofValue(sent);
    }
    if (cookie.ttl() == null) {
      return NONE;
    }
    // The same for all requests of a connection, so that a burst of first ones stays together.
    String value = Long.toHexString(XxHash64.of(connection.remote() + connection.local()));
    StringBuilder header = new StringBuilder(cookie.name()).append("=\"").append(value).append('"');
    if (!cookie.ttl().isZero()) {
      header.append("; Max-Age=").append(cookie.ttl().toSeconds());
    }
    if (!cookie.path().isEmpty()) {
      header.append("; Path=").append(cookie.path());
    }
    for (Map.Entry<String, String> attribute : new TreeMap<>(cookie.attributes()).entrySet()) {
      header.append("; ").append(attribute.getKey());
      if (!attribute.getValue().isEmpty()) {
        header.append('=').append(attribute.getValue());
      }
    }
    return new RequestHash(
        OptionalLong.of(XxHash64.of(value)), header.append("; HttpOnly").toString());
  }
}
