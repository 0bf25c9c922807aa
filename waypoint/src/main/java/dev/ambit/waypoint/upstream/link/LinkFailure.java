package dev.ambit.waypoint.upstream.link;

/** No channel could be had; the message says why. */
public final class LinkFailure extends RuntimeException {
  public LinkFailure(String why) {
    super(why, null, false, false);
  }
}
