package dev.ambit.perf;

/**
 * Tells whoever waits what is being done; goes to standard error, the report to standard output.
 */
final class Progress {
  private Progress() {}

  static void say(String what) {
    System.err.println("bench: " + what);
  }
}
