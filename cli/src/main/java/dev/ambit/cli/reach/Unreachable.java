package dev.ambit.cli.reach;

/** There is no mesh to ask, or it does not answer. The message says what to do about it. */
public final class Unreachable extends RuntimeException {
  public Unreachable(String message) {
    super(message);
  }
}
