package dev.ambit.model.http;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Trouble made on purpose (spec: http-routing §9).
 *
 * @param delay null for none
 * @param delayPercent share of requests that are delayed
 * @param abortStatus HTTP status; 0 for none
 * @param abortGrpcStatus -1 when {@code abortStatus} counts
 */
public record Fault(
    @Nullable Duration delay,
    double delayPercent,
    int abortStatus,
    int abortGrpcStatus,
    double abortPercent) {

  /**
   * What one request suffers.
   *
   * @param status 0 lets it go on after the delay
   */
  public record Suffered(Duration delay, int status, int grpcStatus) {}

  /** Draws what one request suffers. */
  public Suffered draw(RandomGenerator random) {
    boolean delayed = delay != null && random.nextDouble() * 100 < delayPercent;
    boolean aborts =
        (abortStatus != 0 || abortGrpcStatus >= 0) && random.nextDouble() * 100 < abortPercent;
    int status = abortStatus != 0 ? abortStatus : 200;
    return new Suffered(
        delayed && delay != null ? delay : Duration.ZERO,
        aborts ? status : 0,
        aborts ? abortGrpcStatus : -1);
  }
}
