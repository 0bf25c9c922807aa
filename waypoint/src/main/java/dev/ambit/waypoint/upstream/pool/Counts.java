package dev.ambit.waypoint.upstream.pool;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What is under way towards a cluster or an endpoint, over all loops. Any thread. */
public final class Counts {
  /** Open or being opened. */
  public final AtomicInteger connections = new AtomicInteger();

  /** Requests that wait for a connection. */
  public final AtomicInteger pending = new AtomicInteger();

  /** Requests and connections for bytes from choice to end. */
  public final AtomicInteger active = new AtomicInteger();

  public final AtomicInteger retries = new AtomicInteger();
  public final LongAdder total = new LongAdder();

  /** Errors that were answered, and tries that came to nothing. */
  public final LongAdder failures = new LongAdder();

  public final LongAdder connectFailures = new LongAdder();
  public final LongAdder overflows = new LongAdder();
  private final LongAdder everywhere;

  /**
   * @param everywhere sums up the overflows of several
   */
  public Counts(LongAdder everywhere) {
    this.everywhere = everywhere;
  }

  /** A limit forbade something. */
  public void overflowed() {
    overflows.increment();
    everywhere.increment();
  }
}
