package dev.ambit.model.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A path with {@code {*}}, exactly one segment, and {@code {**}}, any number of them (spec:
 * l7-authorization §3).
 */
record PathTemplate(List<Part> parts) {
  private static final String ONE = "{*}";
  private static final String MANY = "{**}";

  /** Literal text, then what stands behind it. */
  record Part(String literal, Kind then) {}

  /** What stands behind a literal. */
  enum Kind {
    ONE_SEGMENT,
    SEGMENTS,
    END
  }

  /** Empty when {@code text} is no template. */
  static Optional<PathTemplate> parse(String text) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    boolean many = false;
    while (true) {
      int open = text.indexOf('{', from);
      if (open < 0) {
        String rest = text.substring(from);
        parts.add(new Part(rest, Kind.END));
        boolean odd = rest.indexOf('}') >= 0 || rest.indexOf('*') >= 0;
        // A suffix is of the last segment.
        boolean inside = from > 0 && !rest.startsWith("/") && rest.indexOf('/') >= 0;
        return odd || inside ? Optional.empty() : Optional.of(new PathTemplate(List.copyOf(parts)));
      }
      String literal = text.substring(from, open);
      boolean isMany = text.startsWith(MANY, open);
      boolean torn = from > 0 && !literal.startsWith("/");
      boolean misplaced = torn || !literal.endsWith("/") || literal.indexOf('}') >= 0 || many;
      if (misplaced || literal.indexOf('*') >= 0 || !(isMany || text.startsWith(ONE, open))) {
        return Optional.empty();
      }
      parts.add(new Part(literal, isMany ? Kind.SEGMENTS : Kind.ONE_SEGMENT));
      many = isMany;
      from = open + (isMany ? MANY : ONE).length();
    }
  }

  boolean matches(String path) {
    int at = 0;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      if (!path.startsWith(part.literal(), at)) {
        return false;
      }
      at += part.literal().length();
      if (part.then() == Kind.END) {
        return at == path.length();
      }
      Part next = parts.get(i + 1);
      if (next.then() == Kind.END) {
        // The last operator takes all but the literal behind it.
        int end = path.length() - next.literal().length();
        boolean segments = part.then() == Kind.SEGMENTS;
        int slash = path.indexOf('/', at);
        boolean fits = segments ? end >= at : end > at && (slash < 0 || slash >= end);
        return fits && path.startsWith(next.literal(), end);
      }
      int slash = path.indexOf('/', at);
      if (slash <= at) {
        return false;
      }
      at = slash;
    }
    return false;
  }
}
