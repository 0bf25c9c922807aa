package dev.ambit.waypoint.exchange;

import dev.ambit.model.hash.XxHash64;
import dev.ambit.model.http.HttpAttributes;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.object.SessionPersistence;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which share and endpoint a client keeps to (Gateway API, GEP-1619). The client carries it in a
 * cookie or header that names both; what it names is used only while it is one of the route's, so a
 * made-up one gains nothing.
 *
 * @param name of the cookie or header
 * @param known what the client sent, if it still holds
 */
record Session(SessionPersistence rule, String name, @Nullable Token known, Instant now) {
  private static final int LONGEST = 1024;

  /**
   * What the client carries.
   *
   * @param backend {@code host|port|subset} of the share
   * @param uid of the endpoint
   * @param begun in seconds of the epoch
   * @param seen the last request, in seconds of the epoch
   */
  record Token(String backend, String uid, long begun, long seen) {
    String print() {
      String text = begun + " " + seen + " " + backend + " " + uid;
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static @Nullable Token parse(@Nullable String printed) {
      if (printed == null || printed.length() > LONGEST) {
        return null;
      }
      try {
        String text = new String(Base64.getUrlDecoder().decode(printed), StandardCharsets.UTF_8);
        String[] parts = text.split(" ", -1);
        return parts.length == 4
            ? new Token(parts[2], parts[3], Long.parseLong(parts[0]), Long.parseLong(parts[1]))
            : null;
      } catch (IllegalArgumentException _) {
        return null;
      }
    }

    private boolean holds(SessionPersistence rule, Instant now) {
      return isWithin(rule.absolute(), begun, now) && isWithin(rule.idle(), seen, now);
    }

    private static boolean isWithin(@Nullable Duration limit, long since, Instant now) {
      return limit == null || now.getEpochSecond() - since <= limit.toSeconds();
    }
  }

  static Session of(
      SessionPersistence rule, RouteEntry entry, HttpAttributes request, Instant now) {
    String name =
        rule.name().isEmpty()
            ? "ambit-session-" + Long.toHexString(XxHash64.of(entry.route() + entry.rule()))
            : rule.name();
    String sent =
        rule.header() ? request.header(name.toLowerCase(Locale.ROOT)) : request.cookie(name);
    Token token = Token.parse(sent);
    return new Session(rule, name, token != null && token.holds(rule, now) ? token : null, now);
  }

  private static String backend(RouteAction.Share share) {
    return share.backend() instanceof RouteAction.Cluster cluster
        ? cluster.service().hostname() + "|" + cluster.port() + "|" + cluster.subset()
        : "";
  }

  /** The share the client keeps to; null draws one. */
  RouteAction.@Nullable Share share(List<RouteAction.Share> shares) {
    if (known != null) {
      for (RouteAction.Share share : shares) {
        if (known.backend().equals(backend(share))) {
          return share;
        }
      }
    }
    return null;
  }

  /** The endpoint the client keeps to; "" when it has none. */
  String endpoint() {
    return known == null ? "" : known.uid();
  }

  /** Tells the client where it is, if it does not know or its session goes on. */
  void tell(RouteAction.Share share, String uid, HttpHeaders response) {
    Token before = known;
    boolean same = before != null && before.uid().equals(uid);
    if (same && rule.idle() == null) {
      return;
    }
    long second = now.getEpochSecond();
    Token token =
        new Token(backend(share), uid, before != null && same ? before.begun() : second, second);
    if (rule.header()) {
      response.set(name, token.print());
      return;
    }
    StringBuilder cookie = new StringBuilder(name).append('=').append(token.print());
    if (rule.permanent() && rule.absolute() != null) {
      cookie
          .append("; Max-Age=")
          .append(Math.max(0, token.begun() + rule.absolute().toSeconds() - second));
    }
    response.add("set-cookie", cookie.append("; Path=/; HttpOnly").toString());
  }
}
