package dev.ambit.waypoint.upstream.pool;

/** No stream could be had; the message says why. */
public final class PoolFailure extends RuntimeException {
  /** Why not. */
  public enum Kind {
    /** The endpoint could not be reached. */
    UNREACHABLE,
    /** A limit forbade it; the endpoint is not to blame. */
    OVERFLOW,
    /** The endpoint speaks HTTP/2 and takes no upgrades in it. */
    NO_UPGRADE
  }

  private final Kind kind;

  PoolFailure(Kind kind, String why) {
    super(why, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
