package dev.ambit.waypoint.upstream.pool;

/** No stream could be had; the message says why. */
public final class PoolFailure extends RuntimeException {
  private final boolean overflow;

  PoolFailure(boolean overflow, String why) {
    super(why, null, false, false);
    this.overflow = overflow;
  }

  /** Whether a limit forbade it; the endpoint is not to blame then. */
  public boolean overflow() {
    return overflow;
  }
}
