package dev.ambit.dataplane.hbone;

import java.util.random.RandomGenerator;

/** The {@code traceparent} header of a connection (spec: hbone §4.3). */
record Traceparent(String header) {
  private static final int LENGTH = 55;
  private static final String HEX = "0123456789abcdef";

  /** A new trace, not sampled. */
  static Traceparent fresh(RandomGenerator random) {
    StringBuilder out = new StringBuilder(LENGTH).append("00-");
    hex(out, random.nextLong());
    hex(out, random.nextLong() | 1);
    out.append('-');
    hex(out, random.nextLong() | 1);
    return new Traceparent(out.append("-00").toString());
  }

  private static void hex(StringBuilder out, long value) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out.append(HEX.charAt((int) (value >>> shift) & 0xf));
    }
  }

  /** {@code header} when it has the four-part form, else a new trace. */
  static Traceparent parse(CharSequence header, RandomGenerator random) {
    return isValid(header) ? new Traceparent(header.toString()) : fresh(random);
  }

  private static boolean isValid(CharSequence header) {
    if (header.length() != LENGTH) {
      return false;
    }
    for (int i = 0; i < LENGTH; i++) {
      char c = header.charAt(i);
      boolean dash = i == 2 || i == 35 || i == 52;
      if (dash ? c != '-' : HEX.indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }
}
