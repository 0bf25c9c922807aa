package dev.ambit.waypoint.server;

/** Which characters may stand where in a request (RFC 9110 §5, RFC 9112 §3). */
final class Chars {
  private static final boolean[] TOKEN = new boolean[256];
  private static final boolean[] VALUE = new boolean[256];
  private static final boolean[] TARGET = new boolean[256];

  static {
    for (int c = 0; c < 256; c++) {
      boolean alphanumeric = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      TOKEN[c] = alphanumeric || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
      VALUE[c] = c == '\t' || c >= ' ' && c != 0x7f;
      TARGET[c] = c > ' ' && c < 0x7f;
    }
  }

  private Chars() {}

  static boolean isToken(int c) {
    return TOKEN[c & 0xff];
  }

  static boolean isValue(int c) {
    return VALUE[c & 0xff];
  }

  static boolean isTarget(int c) {
    return TARGET[c & 0xff];
  }

  static boolean isToken(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 0xff || !TOKEN[c]) {
        return false;
      }
    }
    return text.length() > 0;
  }

  static boolean isValue(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 0xff || !VALUE[c]) {
        return false;
      }
    }
    return true;
  }

  static boolean isTarget(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > 0xff || !TARGET[c]) {
        return false;
      }
    }
    return text.length() > 0;
  }

  /** Whether {@code text} is a host with or without a port, and nothing else. */
  static boolean isAuthority(CharSequence text) {
    int length = text.length();
    if (length == 0 || length > 300) {
      return false;
    }
    int host = 0;
    if (text.charAt(0) == '[') {
      while (host < length && text.charAt(host) != ']') {
        char c = text.charAt(host);
        if (host > 0 && !isHex(c) && c != ':' && c != '.') {
          return false;
        }
        host++;
      }
      if (host == length || host < 3) {
        return false;
      }
      host++;
    } else {
      while (host < length && text.charAt(host) != ':') {
        char c = text.charAt(host);
        if (c > 0x7f || !TOKEN[c] || "#%^|`".indexOf(c) >= 0) {
          return false;
        }
        host++;
      }
    }
    return host > 0 && isPort(text, host);
  }

  private static boolean isPort(CharSequence text, int from) {
    if (from == text.length()) {
      return true;
    }
    if (text.charAt(from) != ':' || text.length() - from > 6 || text.length() - from < 2) {
      return false;
    }
    for (int i = from + 1; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  static boolean isHex(int c) {
    return hex(c) >= 0;
  }

  /** The value of a hexadecimal digit; negative for anything else. */
  static int hex(int c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
}
