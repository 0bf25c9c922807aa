package dev.ambit.dataplane.controlplane;

import java.time.Duration;

/** Doubling delays up to a limit (spec: workload-xds §2.3, cni-socket §4.2). One thread. */
public final class Backoff {
  private final Duration first;
  private final Duration most;
  private Duration next;

  public Backoff(Duration first, Duration most) {
    this.first = first;
    this.most = most;
    this.next = first;
  }

  /** The delay before the next attempt. */
  public Duration next() {
    Duration now = next;
    Duration doubled = now.multipliedBy(2);
    next = doubled.compareTo(most) > 0 ? most : doubled;
    return now;
  }

  /** The following delay is the first one again. */
  public void reset() {
    next = first;
  }
}
