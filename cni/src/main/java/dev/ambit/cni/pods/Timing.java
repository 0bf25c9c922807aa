package dev.ambit.cni.pods;

import java.time.Duration;

/**
 * How long things take at the agent.
 *
 * @param settle from taking a pod's fact back until nothing new is captured, so that peers hear of
 *     it
 * @param drain how long a released pod's open connections may last
 * @param retryLeast first wait after a failure
 * @param retryMost longest wait after failures
 * @param resync how often a pod that is as it should be is looked at anyway
 * @param verify how often its rules are read back
 */
public record Timing(
    Duration settle,
    Duration drain,
    Duration retryLeast,
    Duration retryMost,
    Duration resync,
    Duration verify) {
  /** As the specs have it. */
  public static final Timing STANDARD =
      new Timing(
          Duration.ofMillis(300),
          Duration.ofSeconds(10),
          Duration.ofMillis(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(1),
          Duration.ofSeconds(30));
}
