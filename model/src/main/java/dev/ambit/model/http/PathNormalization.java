package dev.ambit.model.http;

import java.util.Optional;

/**
 * How a path is made plain before anything compares it; what comes out is also what is forwarded
 * (spec: http-routing §2, l7-authorization §3).
 */
public enum PathNormalization {
  /** Left as it came. */
  NONE,
  /** Dot segments removed, {@code \} made {@code /}, needless percent-encoding undone. */
  BASE,
  /** As BASE, and {@code //} made {@code /}. */
  MERGE_SLASHES,
  /** As MERGE_SLASHES, after {@code %2F} and {@code %5C} were decoded. */
  DECODE_AND_MERGE_SLASHES;

  private static final String HEX = "0123456789ABCDEF";

  /**
   * The plain form of {@code path}, which has no query. Empty when it has none: it does not begin
   * with {@code /}, or holds a control character, plain or encoded as {@code %00}.
   */
  public Optional<String> apply(String path) {
    if (path.equals("*") || this == NONE) {
      return Optional.of(path);
    }
    if (!path.startsWith("/")) {
      return Optional.empty();
    }
    if (isPlain(path)) {
      return Optional.of(path);
    }
    String decoded = this == DECODE_AND_MERGE_SLASHES ? decodedSlashes(path) : path;
    String canonical = canonical(decoded);
    if (canonical.isEmpty()) {
      return Optional.empty();
    }
    String whole = withoutDotSegments(canonical);
    return Optional.of(this == BASE ? whole : withMergedSlashes(whole));
  }

  /** Whether nothing is to be done; true for most paths. */
  private boolean isPlain(String path) {
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c <= ' ' || c > '~' || c == '%' || c == '\\') {
        return false;
      }
      if (c == '/' && i + 1 < path.length()) {
        char next = path.charAt(i + 1);
        if (next == '.' || (next == '/' && this != BASE)) {
          return false;
        }
      }
    }
    return true;
  }

  private static String decodedSlashes(String path) {
    StringBuilder out = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      int code = escaped(path, i);
      if (code == '/' || code == '\\') {
        out.append((char) code);
        i += 2;
      } else {
        out.append(path.charAt(i));
      }
    }
    return out.toString();
  }

  /** "" when there is a control character. */
  private static String canonical(String path) {
    StringBuilder out = new StringBuilder(path.length() + 8);
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      int code = escaped(path, i);
      if (code == 0 || c < ' ' || c == 0x7f) {
        return "";
      } else if (code > 0 && isUnreserved(code)) {
        out.append((char) code);
        i += 2;
      } else if (c == '\\') {
        out.append('/');
      } else if (c == ' ' || c > '~') {
        // Bytes of a header arrive as characters up to 0xff.
        out.append('%').append(HEX.charAt(c >> 4 & 0xf)).append(HEX.charAt(c & 0xf));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** The byte that the three characters at {@code i} stand for, -1 when for none. */
  private static int escaped(String path, int i) {
    if (path.charAt(i) != '%' || i + 2 >= path.length()) {
      return -1;
    }
    int high = Character.digit(path.charAt(i + 1), 16);
    int low = Character.digit(path.charAt(i + 2), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  private static boolean isUnreserved(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '-'
        || c == '.'
        || c == '_'
        || c == '~';
  }

  private static String withoutDotSegments(String path) {
    StringBuilder out = new StringBuilder(path.length());
    int i = 0;
    while (i < path.length()) {
      int next = path.indexOf('/', i + 1);
      int end = next < 0 ? path.length() : next;
      String segment = path.substring(i + 1, end);
      boolean dots = segment.equals(".") || segment.equals("..");
      if (segment.equals("..")) {
        out.setLength(Math.max(0, out.lastIndexOf("/")));
      }
      if (!dots) {
        out.append('/').append(segment);
      } else if (end == path.length()) {
        out.append('/');
      }
      i = end;
    }
    return out.isEmpty() ? "/" : out.toString();
  }

  private static String withMergedSlashes(String path) {
    StringBuilder out = new StringBuilder(path.length());
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c != '/' || out.isEmpty() || out.charAt(out.length() - 1) != '/') {
        out.append(c);
      }
    }
    return out.toString();
  }
}
