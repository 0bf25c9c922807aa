package dev.ambit.cli.up.story;

import java.io.Serial;

/** A claim that does not hold. */
final class Unmet extends Exception {
  @Serial private static final long serialVersionUID = 1;

  Unmet(String what, Object got, String expected) {
    super(what + ": got " + got + ", expected " + expected);
  }

  /** Throws unless {@code holds}. */
  static void unless(boolean holds, String what, Object got, String expected) throws Unmet {
    if (!holds) {
      throw new Unmet(what, got, expected);
    }
  }
}
