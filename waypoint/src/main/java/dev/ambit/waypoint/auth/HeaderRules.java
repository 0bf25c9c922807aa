package dev.ambit.waypoint.auth;

import dev.ambit.waypoint.auth.wire.CheckMessages.Header;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which headers of a provider's answer go on, and which never do. Pure. */
final class HeaderRules {
  /** What frames a message is ours to say, never a provider's. */
  private static final Set<String> FRAMING =
      Set.of(
          "connection",
          "content-length",
          "host",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private HeaderRules() {}

  /** Whether a name in lower case is among names that may begin or end with {@code *}. */
  static boolean holds(List<String> patterns, String name) {
    for (String pattern : patterns) {
      boolean matches =
          pattern.startsWith("*")
              ? name.endsWith(pattern.substring(1))
              : pattern.endsWith("*")
                  ? name.startsWith(pattern.substring(0, pattern.length() - 1))
                  : name.equals(pattern);
      if (matches) {
        return true;
      }
    }
    return false;
  }

  static boolean mayBeSet(String name) {
    return !name.startsWith(":") && !FRAMING.contains(name);
  }

  /** The headers of {@code from} whose names are among {@code patterns}. */
  static HttpHeaders selected(HttpHeaders from, List<String> patterns) {
    HttpHeaders selected = new DefaultHttpHeaders();
    for (Map.Entry<String, String> each : from) {
      String name = each.getKey().toLowerCase(Locale.ROOT);
      if (mayBeSet(name) && holds(patterns, name)) {
        selected.add(name, each.getValue());
      }
    }
    return selected;
  }

  /**
   * Lays {@code headers} over those of the request.
   *
   * @param set takes the whole new values of each name that changes
   */
  static void lay(List<Header> headers, HttpHeaders request, HttpHeaders set) {
    for (Header header : headers) {
      String name = header.name();
      if (!mayBeSet(name)) {
        continue;
      }
      boolean there = set.contains(name) || request.contains(name);
      switch (header.how()) {
        case REPLACE -> set.set(name, header.value());
        case APPEND -> {
          if (!set.contains(name)) {
            set.set(name, request.getAll(name));
          }
          set.add(name, header.value());
        }
        case ONLY_IF_ABSENT -> {
          if (!there) {
            set.set(name, header.value());
          }
        }
        case ONLY_IF_THERE -> {
          if (there) {
            set.set(name, header.value());
          }
        }
      }
    }
  }

  /** Headers of an answer to the client. */
  static HttpHeaders plain(List<Header> headers) {
    HttpHeaders plain = new DefaultHttpHeaders();
    for (Header header : headers) {
      if (mayBeSet(header.name())) {
        plain.add(header.name(), header.value());
      }
    }
    return plain;
  }
}
