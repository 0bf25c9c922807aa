package dev.ambit.daemon.manifest;

import dev.ambit.model.object.SessionPersistence;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the sessionPersistence of a rule. */
final class SessionReader {
  private static final int LONGEST_NAME = 128;

  private SessionReader() {}

  static @Nullable SessionPersistence read(FieldReader rule) {
    FieldReader session = rule.mapping("sessionPersistence").orElse(null);
    if (session == null) {
      return null;
    }
    session.strictly(
        Set.of("sessionName", "absoluteTimeout", "idleTimeout", "type", "cookieConfig"));
    FieldReader cookie = session.mappingOrEmpty("cookieConfig");
    cookie.strictly(Set.of("lifetimeType"));
    boolean header = session.choice("type", Map.of("Cookie", false, "Header", true), false);
    boolean permanent =
        cookie.choice("lifetimeType", Map.of("Session", false, "Permanent", true), false);
    Duration absolute = session.duration("absoluteTimeout");
    if (permanent && absolute == null) {
      session.problem("absoluteTimeout", "nothing", "a duration, as the cookie is Permanent");
    }
    if (header && session.has("cookieConfig")) {
      session.problem("cookieConfig", "a cookie beside type Header", "only one of them");
    }
    String name =
        session.formed("sessionName", "a name of at most 128 letters", SessionReader::isName);
    return new SessionPersistence(
        name, header, limit(absolute), limit(session.duration("idleTimeout")), permanent);
  }

  private static @Nullable Duration limit(@Nullable Duration said) {
    return said == null || said.isZero() ? null : said;
  }

  private static boolean isName(String text) {
    return text.length() <= LONGEST_NAME
        && text.chars()
            .allMatch(c ->
                (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '-'
                    || c == '_');
  }
}
