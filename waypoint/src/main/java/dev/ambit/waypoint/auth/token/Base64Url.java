package dev.ambit.waypoint.auth.token;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Base64url as JOSE has it: no padding, nothing else between, one way only to say something. */
final class Base64Url {
  private Base64Url() {}

  /** Null when it is not of that form. */
  static byte @Nullable [] decode(String text) {
    byte[] ascii = text.getBytes(StandardCharsets.ISO_8859_1);
    for (byte c : ascii) {
      boolean known =
          (c >= 'A' && c <= 'Z')
              || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9')
              || c == '-'
              || c == '_';
      if (!known) {
        return null;
      }
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(ascii);
      // Bits that are left over at the end must be zero, or one token would have several forms.
      return Arrays.equals(Base64.getUrlEncoder().withoutPadding().encode(bytes), ascii)
          ? bytes
          : null;
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }
}
