package dev.ambit.dataplane.hbone;

import dev.ambit.model.Failure;

/** Why a tunnel or a stream in it could not be had. Stackless: it is an expected outcome. */
public final class TunnelFailure extends Exception {
  private final Failure failure;

  TunnelFailure(Failure failure, String detail) {
    super(detail, null, false, false);
    this.failure = failure;
  }

  public Failure failure() {
    return failure;
  }

  /** One sentence: what, got, expected. */
  public String detail() {
    return String.valueOf(getMessage());
  }
}
