package dev.ambit.waypoint.telemetry.trace;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The {@code x-request-id} of requests (spec: l7-telemetry §4): a UUID whose version digit tells
 * whether the request is traced.
 */
final class RequestId {
  private static final int TRACE_DIGIT = 14;

  private RequestId() {}

  /** Why a request is traced, as the digit says it. */
  enum Reason {
    NONE('4'),
    SAMPLED('9'),
    SERVER_FORCED('a'),
    CLIENT_FORCED('b');

    final char digit;

    Reason(char digit) {
      this.digit = digit;
    }
  }

  static String generate() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    char[] text = new char[36];
    long high = random.nextLong();
    long low = random.nextLong();
    int at = 0;
    for (int i = 0; i < 32; i++) {
      long from = i < 16 ? high : low;
      if (i == 8 || i == 12 || i == 16 || i == 20) {
        text[at++] = '-';
      }
      text[at++] = Character.forDigit((int) (from >>> 60 - i % 16 * 4) & 0xf, 16);
    }
    text[TRACE_DIGIT] = '4';
    text[19] = Character.forDigit((int) (low >>> 60) & 0x3 | 0x8, 16);
    return new String(text);
  }

  static String with(String id, Reason reason) {
    return id.substring(0, TRACE_DIGIT) + reason.digit + id.substring(TRACE_DIGIT + 1);
  }

  static boolean isUuid(String id) {
    if (id.length() != 36) {
      return false;
    }
    for (int i = 0; i < 36; i++) {
      char c = id.charAt(i);
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash ? c != '-' : Character.digit(c, 16) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether it says that somebody before us chose to trace the request. */
  static boolean saysTraced(String id) {
    if (!isUuid(id)) {
      return false;
    }
    char digit = id.charAt(TRACE_DIGIT);
    return digit == '9' || digit == 'a' || digit == 'b';
  }

  /** A number below 10000 that every proxy reads from the same id. */
  static int share(String id) {
    return isUuid(id)
        ? (int) (Long.parseLong(id.substring(0, 8), 16) % 10_000)
        : ThreadLocalRandom.current().nextInt(10_000);
  }
}
