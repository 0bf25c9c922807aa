package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Metrics;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.config.Snapshot;
import io.micrometer.core.instrument.Gauge;
import java.time.Instant;
import java.time.InstantSource;

/** What a waypoint says of its programming, looked at when it is scraped. */
final class SelfMetrics {
  private final InstantSource clock;
  private final Programming programming;
  private Snapshot last;
  private Instant since;

  private SelfMetrics(InstantSource clock, Programming programming) {
    this.clock = clock;
    this.programming = programming;
    this.last = programming.current();
    this.since = clock.instant();
  }

  static void register(Metrics metrics, InstantSource clock, Programming programming) {
    SelfMetrics self = new SelfMetrics(clock, programming);
    Gauge.builder("ambit_waypoint_config_age_seconds", self, SelfMetrics::age)
        .strongReference(true)
        .description("Seconds since a scrape first saw the programming that is in force.")
        .register(metrics.registry());
    Gauge.builder("ambit_waypoint_mesh_workloads", self, SelfMetrics::workloads)
        .strongReference(true)
        .description("Workloads the waypoint knows of.")
        .register(metrics.registry());
    Gauge.builder("ambit_waypoint_mesh_services", self, SelfMetrics::services)
        .strongReference(true)
        .description("Services the waypoint knows of.")
        .register(metrics.registry());
  }

  private synchronized double age() {
    Snapshot now = programming.current();
    Instant time = clock.instant();
    if (now != last) {
      last = now;
      since = time;
    }
    return (time.toEpochMilli() - since.toEpochMilli()) / 1000.0;
  }

  private double workloads() {
    return programming.current().mesh().workloads().size();
  }

  private double services() {
    return programming.current().mesh().services().size();
  }
}
