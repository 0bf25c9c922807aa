package dev.ambit.waypoint.telemetry.log;

import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.log.LogFormat.Part;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;

/** The start of an exchange in a format of {@code strftime}, of which a part is understood. */
final class TimeFormat {
  private static final DateTimeFormatter USUAL = pattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'");

  /** The text of the last second seen; formatting one costs more than the rest of a line. */
  private static volatile Second last = new Second(0, "1970-01-01T00:00:00.");

  private record Second(long epoch, String text) {}

  private TimeFormat() {}

  private static DateTimeFormatter pattern(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
  }

  /** Throws IllegalArgumentException. */
  static Part read(String format) {
    if (format.isEmpty()) {
      return told -> usual(told.startUnixNanos);
    }
    DateTimeFormatterBuilder pattern = new DateTimeFormatterBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        pattern.appendLiteral(c);
        continue;
      }
      c = format.charAt(++i);
      if (Character.isDigit(c) && i + 1 < format.length() && format.charAt(i + 1) == 'f') {
        pattern.appendPattern("S".repeat(Math.clamp(c - '0', 1, 9)));
        i++;
      } else if (c == 's') {
        pattern.appendValue(ChronoField.INSTANT_SECONDS);
      } else {
        pattern.appendPattern(letter(c, format));
      }
    }
    DateTimeFormatter formatter = pattern.toFormatter(Locale.ROOT).withZone(ZoneOffset.UTC);
    return told -> formatter.format(start(told));
  }

  private static String letter(char c, String format) {
    return switch (c) {
      case 'Y' -> "uuuu";
      case 'm' -> "MM";
      case 'd' -> "dd";
      case 'H' -> "HH";
      case 'M' -> "mm";
      case 'S' -> "ss";
      case 'f' -> "SSSSSSSSS";
      case 'T' -> "HH:mm:ss";
      case 'F' -> "uuuu-MM-dd";
      case 'b' -> "MMM";
      case 'z' -> "xx";
      case 'Z' -> "'UTC'";
      case '%' -> "'%'";
      default ->
          throw new IllegalArgumentException(
              "got the time format " + format + ", of which %" + c + " is not supported");
    };
  }

  private static Instant start(Told told) {
    return Instant.ofEpochSecond(
        told.startUnixNanos / 1_000_000_000, told.startUnixNanos % 1_000_000_000);
  }

  private static String usual(long unixNanos) {
    long epoch = unixNanos / 1_000_000_000;
    Second second = last;
    if (second.epoch != epoch) {
      String text = USUAL.format(Instant.ofEpochSecond(epoch));
      second = new Second(epoch, text.substring(0, text.length() - 4));
      last = second;
    }
    int millis = (int) (unixNanos / 1_000_000 % 1000);
    return second.text
        + (char) ('0' + millis / 100)
        + (char) ('0' + millis / 10 % 10)
        + (char) ('0' + millis % 10)
        + 'Z';
  }
}
