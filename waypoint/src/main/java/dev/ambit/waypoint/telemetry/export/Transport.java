package dev.ambit.waypoint.telemetry.export;

import java.io.IOException;
import java.util.List;

/** Hands batches to a collector. One thread at a time; blocks. */
@FunctionalInterface
public interface Transport<T> {
  /**
   * Sends a batch.
   *
   * @throws IOException when the collector cannot be reached; the batch may be sent again
   */
  Outcome send(List<T> batch) throws IOException, InterruptedException;

  /** What the collector said. */
  enum Outcome {
    TAKEN,
    /** It may take the batch later. */
    LATER,
    /** It will never take it. */
    REFUSED;

    /** Whether a status of HTTP is one that may be another the next time. */
    public static boolean isForNow(int status) {
      return status == 429 || (status >= 502 && status <= 504);
    }
  }
}
