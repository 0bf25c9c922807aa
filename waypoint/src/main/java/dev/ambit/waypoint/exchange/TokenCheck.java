package dev.ambit.waypoint.exchange;

import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.JwtClaims;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.jwt.JwtAuthentication.Accepted;
import dev.ambit.model.jwt.JwtAuthentication.NoToken;
import dev.ambit.model.jwt.JwtAuthentication.Rejected;
import dev.ambit.model.jwt.JwtAuthentication.Valid;
import dev.ambit.model.object.RequestAuthentication.InCookie;
import dev.ambit.model.object.RequestAuthentication.InHeader;
import dev.ambit.model.object.RequestAuthentication.InQuery;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges the tokens of a request and shows the service what they say (spec: l7-authorization §6).
 */
final class TokenCheck {
  private TokenCheck() {}

  /** What came of it. */
  sealed interface Result {}

  /**
   * It may go on.
   *
   * @param claims null without a token
   * @param query without tokens that are taken out
   */
  record Passed(@Nullable JwtClaims claims, String query) implements Result {}

  /** It is answered. */
  record Refused(Reply reply) implements Result {}

  /** Headers that only tokens may set are taken out of {@code headers} in any case. */
  static Result check(
      JwtAuthentication jwt, HttpAttributes request, HttpHeaders headers, Instant now) {
    JwtAuthentication.Outcome outcome = jwt.decide(request, now);
    jwt.outputHeaders().forEach(headers::remove);
    return switch (outcome) {
      case NoToken _ -> new Passed(null, request.query());
      case Accepted accepted -> accepted(accepted, request, headers);
      case Rejected rejected -> new Refused(refusal(rejected, request));
    };
  }

  private static Reply refusal(Rejected rejected, HttpAttributes request) {
    String details = "jwt_authn_access_denied{" + rejected.body().replace(' ', '_') + "}";
    Reply reply = Reply.of(rejected.status(), "-", details, rejected.body());
    String url = request.scheme() + "://" + request.authority() + request.path();
    return rejected.status() == 401
        ? reply.with("www-authenticate", rejected.challenge(url))
        : reply;
  }

  private static Passed accepted(Accepted accepted, HttpAttributes request, HttpHeaders headers) {
    String query = request.query();
    for (Valid valid : accepted.all()) {
      valid.headers().forEach((name, value) -> show(headers, name, value));
      if (!valid.isRemoved()) {
        continue;
      }
      switch (valid.place()) {
        case InHeader(String name, _) -> headers.remove(name);
        case InQuery(String name) -> query = without(query, name);
        case InCookie(String name) -> removeCookie(headers, name);
      }
    }
    return new Passed(accepted.claims(), query);
  }

  /** Claims are text of somebody else: what is no header value is not shown. */
  private static void show(HttpHeaders headers, String name, String value) {
    if (value.chars().noneMatch(c -> c < ' ' || c == 0x7f)) {
      // The bytes of UTF-8, one character each.
      headers.set(
          name, new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
    }
  }

  /** {@code query}, with its question mark, without a parameter. */
  static String without(String query, String name) {
    if (query.length() < 2) {
      return query;
    }
    List<String> kept = new ArrayList<>();
    for (String each : query.substring(1).split("&", -1)) {
      if (!each.equals(name) && !each.startsWith(name + "=")) {
        kept.add(each);
      }
    }
    return kept.isEmpty() ? "" : "?" + String.join("&", kept);
  }

  private static void removeCookie(HttpHeaders headers, String name) {
    List<String> kept = new ArrayList<>();
    for (String header : headers.getAll("cookie")) {
      for (String each : header.split(";", -1)) {
        String cookie = each.strip();
        if (!cookie.startsWith(name + "=") && !cookie.isEmpty()) {
          kept.add(cookie);
        }
      }
    }
    if (kept.isEmpty()) {
      headers.remove("cookie");
    } else {
      headers.set("cookie", String.join("; ", kept));
    }
  }
}
