package dev.ambit.waypoint.upstream;

import dev.ambit.model.object.TrafficPolicy.OutlierDetection;
import dev.ambit.model.traffic.OutlierDetector;
import dev.ambit.model.traffic.OutlierDetector.Outcome;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which endpoints of a cluster are left out (spec: traffic-policy §5). Thread-safe; the lock is
 * held for a few counters only, and not at all while everything goes well. Sweeps come due by the
 * clock and are made up for at the next look, each at its own moment.
 */
final class Ejections {
  private static final long MOST_SWEEPS = 1_000;

  private final OutlierDetection settings;
  private final OutlierDetector<String> detector;
  private final long interval;
  private volatile long nextSweep;
  private volatile Set<String> ejected = Set.of();
  private List<String> hosts = List.of();

  Ejections(OutlierDetection settings, long now) {
    this.settings = settings;
    this.detector = new OutlierDetector<>(settings);
    this.interval = Math.max(1, settings.interval().toNanos());
    this.nextSweep = now + interval;
  }

  OutlierDetection settings() {
    return settings;
  }

  synchronized void hosts(Collection<String> names) {
    hosts = List.copyOf(names);
    detector.hosts(hosts);
    publish();
  }

  /** The names of those that are left out at {@code now}; the same set until it changes. */
  Set<String> at(long now) {
    if (now - nextSweep >= 0) {
      sweep(now);
    }
    return ejected;
  }

  private synchronized void sweep(long now) {
    long due = nextSweep;
    if (now - due >= MOST_SWEEPS * interval) {
      // Nobody looked for a long time; more sweeps change nothing any more.
      due = now - (MOST_SWEEPS - 1) * interval;
    }
    boolean back = false;
    for (; now - due >= 0; due += interval) {
      back |= !detector.sweep(due).isEmpty();
    }
    nextSweep = due;
    if (back) {
      publish();
    }
  }

  /** Counts what an endpoint did; answers whether it was ejected for it. */
  synchronized boolean observe(String host, Outcome outcome, long now) {
    if (now - nextSweep >= 0) {
      sweep(now);
    }
    boolean out = detector.observe(host, outcome, now);
    if (out) {
      publish();
    }
    return out;
  }

  synchronized long ejectedUntil(String host) {
    return detector.ejectedUntil(host);
  }

  private void publish() {
    Set<String> out = new HashSet<>();
    for (String host : hosts) {
      if (detector.isEjected(host)) {
        out.add(host);
      }
    }
    if (!out.equals(ejected)) {
      ejected = Set.copyOf(out);
    }
  }
}
