package dev.ambit.dataplane.controlplane;

import java.time.Duration;

/** Waiting between attempts; tests let the time pass at once. */
public interface Pause {
  /** Blocks the calling virtual or platform thread. */
  void sleep(Duration duration) throws InterruptedException;
}
