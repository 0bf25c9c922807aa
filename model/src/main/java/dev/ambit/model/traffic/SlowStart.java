package dev.ambit.model.traffic;

import dev.ambit.model.object.TrafficPolicy.Warmup;
import java.time.Duration;

/** How much of its weight a new endpoint has already (spec: traffic-policy §3). */
public record SlowStart(Duration window, double least, double aggression) {
  public static SlowStart of(Warmup warmup) {
    return new SlowStart(warmup.duration(), warmup.minimumPercent() / 100, warmup.aggression());
  }

  /** From {@code least} to 1; {@code age} is the time since the endpoint came. */
  public double factor(Duration age) {
    if (age.compareTo(window) >= 0) {
      return 1;
    }
    double part = Math.max(0, (double) age.toNanos() / window.toNanos());
    return Math.max(least, Math.pow(part, 1 / aggression));
  }
}
