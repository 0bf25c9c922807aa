package dev.ambit.cli.inspect;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** How long something has been, in one or two units. */
final class Ages {
  private Ages() {}

  /** "" when {@code then} is no instant. */
  static String since(String then, Instant now) {
    try {
      return since(Instant.parse(then), now);
    } catch (DateTimeParseException e) {
      return "";
    }
  }

  static String since(Instant then, Instant now) {
    Duration age = Duration.between(then, now);
    if (age.isNegative()) {
      return "0s";
    }
    if (age.toDays() > 1) {
      return age.toDays() + "d";
    }
    if (age.toMinutes() >= 60) {
      return age.toHours() + "h" + age.toMinutesPart() + "m";
    }
    return age.toSeconds() >= 60
        ? age.toMinutes() + "m" + age.toSecondsPart() + "s"
        : age.toSeconds() + "s";
  }
}
