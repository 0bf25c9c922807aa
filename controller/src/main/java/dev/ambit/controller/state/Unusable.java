package dev.ambit.controller.state;

/** What is kept cannot be used; a program prints the message and does not start. */
public final class Unusable extends RuntimeException {
  public Unusable(String message, Throwable cause) {
    super(message, cause);
  }

  public Unusable(String message) {
    super(message);
  }
}
