package dev.ambit.model.http;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The grammar of values in policies: {@code *} is anything but nothing, {@code a*} a prefix, {@code
 * *a} a suffix, everything else itself (spec: l7-authorization §3).
 */
final class PolicyText {
  private PolicyText() {}

  static TextMatch of(String value) {
    if (value.equals("*")) {
      return new NotEmpty();
    }
    if (value.startsWith("*")) {
      return new TextMatch.Wildcard(new String[] {"", value.substring(1)});
    }
    return value.endsWith("*")
        ? new TextMatch.Prefix(value.substring(0, value.length() - 1))
        : new TextMatch.Exact(value);
  }

  static TextMatch ignoringCase(String value) {
    return new Lowered(of(value.toLowerCase(Locale.ROOT)));
  }

  /** Null when the value is a template that is none. */
  static @Nullable TextMatch path(String value) {
    if (value.indexOf('{') < 0 && value.indexOf('}') < 0) {
      return of(value);
    }
    Optional<PathTemplate> template = PathTemplate.parse(value);
    return template.isEmpty() ? null : new Templated(template.get());
  }

  /** Issuer and subject, joined by the last slash; null when the value names neither. */
  static @Nullable TextMatch requestPrincipal(String value) {
    if (value.equals("*")) {
      return new NotEmpty();
    }
    int slash = value.lastIndexOf('/');
    if (slash >= 0) {
      return new Joined(part(value.substring(0, slash)), part(value.substring(slash + 1)));
    }
    if (value.startsWith("*")) {
      return new Joined(new TextMatch.Present(), of(value));
    }
    return value.endsWith("*") ? new Joined(of(value), new TextMatch.Present()) : null;
  }

  private static TextMatch part(String value) {
    return value.equals("*") ? new TextMatch.Present() : of(value);
  }

  /** Anything but nothing. */
  record NotEmpty() implements TextMatch {
    @Override
    public boolean matches(String text) {
      return !text.isEmpty();
    }
  }

  /** Compares in lower case. */
  record Lowered(TextMatch match) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return match.matches(text.toLowerCase(Locale.ROOT));
    }
  }

  /** By template. */
  record Templated(PathTemplate template) implements TextMatch {
    @Override
    public boolean matches(String text) {
      return template.matches(text);
    }
  }

  /** Two parts around the last slash. */
  record Joined(TextMatch issuer, TextMatch subject) implements TextMatch {
    @Override
    public boolean matches(String text) {
      int slash = text.lastIndexOf('/');
      return slash >= 0
          && issuer.matches(text.substring(0, slash))
          && subject.matches(text.substring(slash + 1));
    }
  }
}
