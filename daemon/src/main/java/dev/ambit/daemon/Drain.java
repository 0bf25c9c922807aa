package dev.ambit.daemon;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One graceful shutdown (spec: ztunnel-observability §8). Parts register; {@link #begin} tells all
 * to take nothing new and finish; when every part is done, or the deadline passes and the rest was
 * forced, the returned future completes. Thread-safe.
 */
public final class Drain {
  private static final Log LOG = Log.scope("drain");

  private final Set<Part> parts = new LinkedHashSet<>();
  private @Nullable CompletableFuture<Void> end;

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
    CompletableFuture<Void> ending;
    synchronized (parts) {
      ending = end;
      if (ending == null || !ending.isDone()) {
        parts.add(part);
      }
    }
    if (ending != null && ending.isDone()) {
      force(part);
    } else if (ending != null) {
      tell(part);
    }
    return () -> done(part);
  }

  public boolean begun() {
    synchronized (parts) {
      return end != null;
    }
  }

  /** Begins; a second call answers the same future and moves no deadline. */
  public CompletableFuture<Void> begin(Duration deadline) {
    CompletableFuture<Void> ending = new CompletableFuture<>();
    List<Part> told;
    synchronized (parts) {
      if (end != null) {
        return end;
      }
      end = ending;
      told = List.copyOf(parts);
    }
    told.forEach(this::tell);
    synchronized (parts) {
      if (parts.isEmpty()) {
        ending.complete(null);
      }
    }
    var timer = CompletableFuture.delayedExecutor(deadline.toMillis(), TimeUnit.MILLISECONDS);
    CompletableFuture.runAsync(this::forceRest, timer);
    return ending;
  }

  private void tell(Part part) {
    CompletableFuture<Void> finished;
    try {
      finished = part.finish();
    } catch (RuntimeException e) {
      finished = CompletableFuture.failedFuture(e);
    }
    finished.whenComplete((nothing, failure) -> {
      if (failure != null) {
        LOG.error("part did not drain", "part", part, "error", failure);
        force(part);
      }
      done(part);
    });
  }

  private void done(Part part) {
    synchronized (parts) {
      parts.remove(part);
      if (parts.isEmpty() && end != null) {
        end.complete(null);
      }
    }
  }

  private void forceRest() {
    List<Part> left;
    synchronized (parts) {
      left = List.copyOf(parts);
    }
    for (Part part : left) {
      force(part);
      done(part);
    }
  }

  private static void force(Part part) {
    try {
      part.force();
    } catch (RuntimeException e) {
      LOG.error("part could not be forced to end", "part", part, "error", e);
    }
  }
}
