package dev.ambit.waypoint.exchange;

import dev.ambit.waypoint.http.RequestHead;

/** Which requests may switch to another protocol. */
final class Upgrades {
  private Upgrades() {}

  /**
   * One with a body of its own may not: what of it is body and what is not would be a guess. Nor
   * may one to another version of HTTP: that would be a way past everything decided here.
   */
  static boolean isAsked(RequestHead head) {
    String upgrade = head.upgrade();
    if (upgrade.isEmpty() || upgrade.startsWith("h2") || upgrade.startsWith("http/")) {
      return false;
    }
    return head.method().equals("CONNECT") || !hasBody(head);
  }

  /** An offer that is passed over: what remains is a request without a body. */
  static boolean isDeclined(RequestHead head) {
    return !head.upgrade().isEmpty()
        && !isAsked(head)
        && !head.method().equals("CONNECT")
        && !hasBody(head);
  }

  private static boolean hasBody(RequestHead head) {
    String length = head.headers().get("content-length");
    return (length != null && !length.equals("0")) || head.headers().contains("transfer-encoding");
  }
}
