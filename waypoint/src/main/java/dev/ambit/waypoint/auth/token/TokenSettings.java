package dev.ambit.waypoint.auth.token;

import java.time.Duration;
import java.time.InstantSource;

/**
 * How keys are kept fresh (spec: l7-authorization §6, threat-model §5).
 *
 * @param refresh between fetches that succeed
 * @param firstRetry after one that failed; doubles
 * @param mostRetry the longest pause between retries
 * @param mostAge how long keys stay good while their issuer is down
 * @param earlyRefresh the least time between fetches because of an unknown key
 */
public record TokenSettings(
    Duration refresh,
    Duration firstRetry,
    Duration mostRetry,
    Duration mostAge,
    Duration earlyRefresh,
    InstantSource clock) {

  /** The usual ones. */
  public static TokenSettings usual(InstantSource clock) {
    return new TokenSettings(
        Duration.ofMinutes(20),
        Duration.ofSeconds(1),
        Duration.ofMinutes(1),
        Duration.ofHours(24),
        Duration.ofSeconds(30),
        clock);
  }
}
