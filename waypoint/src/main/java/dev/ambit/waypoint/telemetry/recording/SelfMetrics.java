package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Metrics;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.config.Snapshot;
import io.micrometer.core.instrument.Gauge;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** What a waypoint says of itself, looked at when it is scraped (spec: l7-telemetry §1). */
public final class SelfMetrics {
  /**
   * What there is to look at; asked at each scrape, on its thread.
   *
   * @param certificates of the waypoint; the one that ends first is told of
   * @param tunnelsIn open tunnels of clients
   * @param tunnelsOut open tunnels to endpoints
   */
  public record Inside(
      Supplier<List<CertificateCache.Row>> certificates,
      IntSupplier tunnelsIn,
      IntSupplier tunnelsOut) {}

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

  /** Which version runs: {@code istio_build}. */
  public static void version(Metrics metrics, String version) {
    metrics
        .gauges("istio_build", "Istio component build info.", List.of("component", "tag"))
        .cell(Map.of("component", "proxy", "tag", version))
        .add(1);
  }

  /** Tells of certificates and tunnels. */
  public static void inside(Metrics metrics, InstantSource clock, Inside inside) {
    Gauge.builder("ambit_waypoint_certificate_expiry_seconds", inside, of -> expiry(of, clock))
        .strongReference(true)
        .description("Seconds until the waypoint's certificate ends; NaN without one.")
        .register(metrics.registry());
    Gauge.builder("ambit_waypoint_tunnels", inside, of -> of.tunnelsIn().getAsInt())
        .strongReference(true)
        .tag("direction", "inbound")
        .description("Open tunnels.")
        .register(metrics.registry());
    Gauge.builder("ambit_waypoint_tunnels", inside, of -> of.tunnelsOut().getAsInt())
        .strongReference(true)
        .tag("direction", "outbound")
        .description("Open tunnels.")
        .register(metrics.registry());
  }

  private static double expiry(Inside inside, InstantSource clock) {
    return inside.certificates().get().stream()
        .flatMap(row -> row.certificate().stream())
        .mapToDouble(each -> Duration.between(clock.instant(), each.notAfter()).toMillis() / 1000.0)
        .min()
        .orElse(Double.NaN);
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
