package dev.ambit.waypoint.telemetry.export;

import java.io.IOException;
import java.util.List;

/** Hands batches to a collector. One thread at a time; blocks. */
public interface Transport<T> extends AutoCloseable {
  /**
   * Sends a batch.
   *
   * @throws IOException when the collector cannot be reached; the batch may be sent again
   */
  Outcome send(List<T> batch) throws IOException;

  @Override
  void close();

  /** What the collector said. */
  enum Outcome {
    TAKEN,
    /** It may take the batch later. */
    LATER,
    /** It will never take it. */
    REFUSED
  }
}
