package dev.ambit.model.http;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One match of a rule: all its parts must hold (spec: http-routing §2).
 *
 * @param method "" for any
 */
public record HttpMatch(PathMatch path, String method, List<Field> headers, List<Field> query) {

  /** The most specific first, as the Gateway API has it (spec: http-routing §3). */
  static final Comparator<HttpMatch> PRECEDENCE =
      Comparator.<HttpMatch>comparingInt(match -> match.path().rank())
          .thenComparingInt(match -> match.path().length())
          .thenComparing(match -> !match.method().isEmpty())
          .thenComparingInt(match -> match.headers().size())
          .thenComparingInt(match -> match.query().size())
          .reversed();

  static final HttpMatch ANYTHING = new HttpMatch(new AnyPath(), "", List.of(), List.of());

  public HttpMatch {
    headers = List.copyOf(headers);
    query = List.copyOf(query);
  }

  /** What of {@code request} it does not match, each with both values; empty when it matches. */
  public List<String> misses(HttpAttributes request) {
    return MatchText.misses(this, request);
  }

  /** In words, for people. */
  @Override
  public String toString() {
    return MatchText.of(this);
  }

  boolean matches(HttpAttributes request) {
    if (!(method.isEmpty() || method.equals(request.method())) || !path.matches(request.path())) {
      return false;
    }
    for (Field header : headers) {
      if (!header.holds(request.header(header.name()))) {
        return false;
      }
    }
    for (Field parameter : query) {
      if (!parameter.holds(request.queryValue(parameter.name()))) {
        return false;
      }
    }
    return true;
  }

  /**
   * The path as names of spans have it: {@code /a}, {@code /a*}, a pattern (spec: l7-telemetry §4).
   */
  public String pathPattern() {
    return switch (path) {
      case ExactPath exact -> exact.value();
      case SegmentPrefix start -> start.value() + "*";
      case TextPrefix start -> start.value() + "*";
      case RegexPath regex -> regex.pattern();
      case AnyPath _ -> "/*";
    };
  }

  /** Whether nothing after it can ever match. */
  boolean matchesEverything() {
    return method.isEmpty() && headers.isEmpty() && query.isEmpty() && path.matchesEverything();
  }

  /** One header or query parameter; {@code absent} turns it around: it must not match. */
  record Field(String name, TextMatch value, boolean absent) {
    Field(String name, TextMatch value) {
      this(name, value, false);
    }

    boolean holds(@Nullable String got) {
      return (got != null && value.matches(got)) != absent;
    }
  }

  /** How a path compares. */
  sealed interface PathMatch {
    boolean matches(String path);

    /** What is more specific ranks higher. */
    int rank();

    int length();

    default boolean matchesEverything() {
      return false;
    }

    /** The part of the path that a ReplacePrefixMatch replaces. */
    default String prefix() {
      return "";
    }
  }

  /** Equal. */
  record ExactPath(String value, boolean ignoreCase) implements PathMatch {
    @Override
    public boolean matches(String path) {
      return ignoreCase ? value.equalsIgnoreCase(path) : value.equals(path);
    }

    @Override
    public int rank() {
      return 3;
    }

    @Override
    public int length() {
      return value.length();
    }
  }

  /** The same first segments; {@code value} has no slash at its end and is "" for all paths. */
  record SegmentPrefix(String value) implements PathMatch {
    static SegmentPrefix of(String value) {
      return new SegmentPrefix(
          value.endsWith("/") ? value.substring(0, value.length() - 1) : value);
    }

    @Override
    public boolean matches(String path) {
      return path.startsWith(value)
          && (path.length() == value.length() || path.charAt(value.length()) == '/');
    }

    @Override
    public int rank() {
      return 2;
    }

    @Override
    public int length() {
      return Math.max(1, value.length());
    }

    @Override
    public boolean matchesEverything() {
      return value.isEmpty();
    }

    @Override
    public String prefix() {
      return value;
    }
  }

  /** The same first characters, as a VirtualService means it. */
  record TextPrefix(String value, boolean ignoreCase) implements PathMatch {
    @Override
    public boolean matches(String path) {
      return ignoreCase
          ? path.toLowerCase(Locale.ROOT).startsWith(value.toLowerCase(Locale.ROOT))
          : path.startsWith(value);
    }

    @Override
    public int rank() {
      return 2;
    }

    @Override
    public int length() {
      return value.length();
    }

    @Override
    public boolean matchesEverything() {
      return value.equals("/");
    }

    @Override
    public String prefix() {
      return value;
    }
  }

  /** A regular expression matches all of it. */
  record RegexPath(String pattern, Predicate<String> compiled) implements PathMatch {
    @Override
    public boolean matches(String path) {
      return compiled.test(path);
    }

    @Override
    public int rank() {
      return 1;
    }

    @Override
    public int length() {
      return pattern.length();
    }

    @Override
    public boolean matchesEverything() {
      return pattern.equals(".*");
    }
  }

  /** Whatever it is. */
  record AnyPath() implements PathMatch {
    @Override
    public boolean matches(String path) {
      return true;
    }

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int length() {
      return 0;
    }

    @Override
    public boolean matchesEverything() {
      return true;
    }
  }
}
