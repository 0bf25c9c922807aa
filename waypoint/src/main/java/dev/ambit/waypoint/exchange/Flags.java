package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.telemetry.Told;

/** Response flags; {@code -} is none, several are joined by commas. */
final class Flags {
  private Flags() {}

  static void add(Told told, String flag) {
    if (flag.equals("-") || flag.isEmpty() || has(told, flag)) {
      return;
    }
    told.flags = told.flags.equals("-") ? flag : told.flags + "," + flag;
  }

  static boolean has(Told told, String flag) {
    return ("," + told.flags + ",").contains("," + flag + ",");
  }
}
