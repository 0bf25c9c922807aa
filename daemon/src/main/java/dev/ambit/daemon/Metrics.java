package dev.ambit.daemon;

import io.micrometer.core.instrument.MeterRegistry;

/**
 * The registry of a process and its exposition (spec: ztunnel-observability §1). Hot counters are
 * cells owned by one event loop each; the registry reads their sum at scrape.
 */
public final class Metrics {
  public MeterRegistry registry() {
    throw new UnsupportedOperationException("registry");
  }

  /** The exposition for an Accept header: OpenMetrics when asked for, Prometheus text otherwise. */
  public Exposition scrape(String accept) {
    throw new UnsupportedOperationException("scrape");
  }

  /** A body and its content type. */
  public record Exposition(String contentType, byte[] body) {}
}
