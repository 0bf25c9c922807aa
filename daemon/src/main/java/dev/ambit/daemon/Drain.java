package dev.ambit.daemon;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * One graceful shutdown (spec: ztunnel-observability §8). Parts register; {@link #begin} tells all
 * to take nothing new and finish; when every part is done, or the deadline passes and the rest was
 * forced, the returned future completes. Thread-safe.
 */
public final class Drain {
  /** Something that must come to an end. */
  public interface Part {
    /** Takes nothing new; completes when nothing is left. Called once. */
    CompletableFuture<Void> finish();

    /** Ends what is left, now. */
    void force();
  }

  /**
   * Adds a part; the handle takes it out again. A part added after {@link #begin} is told at once.
   */
  public Runnable add(Part part) {
    throw new UnsupportedOperationException("add");
  }

  public boolean begun() {
    throw new UnsupportedOperationException("begun");
  }

  public CompletableFuture<Void> begin(Duration deadline) {
    throw new UnsupportedOperationException("begin");
  }
}
