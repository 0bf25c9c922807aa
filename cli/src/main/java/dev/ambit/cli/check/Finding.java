package dev.ambit.cli.check;

/**
 * One thing that was looked at.
 *
 * @param hint what to do; "" when there is nothing to
 */
record Finding(Level level, String subject, String text, String hint) {
  /** How it looks. */
  enum Level {
    OK,
    /** Worth knowing; nothing is broken. */
    NOTE,
    WRONG
  }

  static Finding ok(String subject, String text) {
    return new Finding(Level.OK, subject, text, "");
  }

  static Finding note(String subject, String text, String hint) {
    return new Finding(Level.NOTE, subject, text, hint);
  }

  static Finding wrong(String subject, String text, String hint) {
    return new Finding(Level.WRONG, subject, text, hint);
  }
}
