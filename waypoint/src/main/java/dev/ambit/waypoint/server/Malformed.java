package dev.ambit.waypoint.server;

/** A request that must not be served. Stackless: it is an expected outcome. */
final class Malformed extends Exception {
  private final int status;

  /**
   * @param status to answer with
   * @param detail what was wrong, in Envoy's words where there are some
   */
  Malformed(int status, String detail) {
    super(detail, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
