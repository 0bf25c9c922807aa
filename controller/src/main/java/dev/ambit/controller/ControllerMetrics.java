package dev.ambit.controller;

import dev.ambit.controller.ca.CertificateAuthority;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.XdsEvents;
import dev.ambit.daemon.Metrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/** What the controller counts, under istiod's names where it has them. Thread-safe. */
final class ControllerMetrics implements XdsEvents {
  private final MeterRegistry registry;
  private final DistributionSummary convergence;
  private final DistributionSummary derivation;

  ControllerMetrics(Metrics metrics) {
    this.registry = metrics.registry();
    this.convergence =
        seconds(
            "pilot_proxy_convergence_time",
            "Time from a change to its acknowledgement by a client.");
    this.derivation =
        seconds("pilot_pushcontext_init_seconds", "Time to derive the changes of one input.");
  }

  private DistributionSummary seconds(String name, String help) {
    return DistributionSummary.builder(name)
        .description(help)
        .serviceLevelObjectives(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)
        .register(registry);
  }

  private void count(String name, String help, String label, String value) {
    Counter.builder(name).description(help).tag(label, value).register(registry).increment();
  }

  private void count(String name, String help) {
    Counter.builder(name).description(help).register(registry).increment();
  }

  /** Shows a value that is asked for at each scrape. */
  void gauge(String name, String help, Supplier<Number> value) {
    Gauge.builder(name, value).description(help).register(registry);
  }

  /** Shows the number of objects of one kind. */
  void objects(String kind, Supplier<Number> value) {
    Gauge.builder("ambit_controller_objects", value)
        .description("Objects known, by kind.")
        .tag("kind", kind)
        .register(registry);
  }

  void published(Duration time) {
    derivation.record(time.toNanos() / 1e9);
    count("pilot_inbound_updates", "Inputs taken over.");
  }

  @Override
  public void sent(ResourceType type, int resources, int removed) {
    count("pilot_xds_pushes", "Responses sent.", "type", name(type));
  }

  @Override
  public void acknowledged(ResourceType type, Duration since) {
    convergence.record(since.toNanos() / 1e9);
  }

  @Override
  public void rejected(ResourceType type) {
    count("pilot_total_xds_rejects", "Responses rejected by clients.", "type", name(type));
  }

  @Override
  public void stale(ResourceType type) {
    count("pilot_xds_expired_nonce", "Answers to older responses.", "type", name(type));
  }

  private static String name(ResourceType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /** A caller proved nothing. */
  void unknownCaller() {
    count("citadel_server_authentication_failure_count", "Callers that proved no identity.");
  }

  /** A certificate request ended. */
  void certificate(CertificateAuthority.Outcome outcome) {
    count("citadel_server_csr_count", "Certificate requests.");
    switch (outcome) {
      case ISSUED -> count("citadel_server_success_cert_issuance_count", "Certificates issued.");
      case NOT_AUTHORIZED -> unknownCaller();
      case BAD_CSR -> count("citadel_server_csr_parsing_err_count", "CSRs that are none.");
      case CANNOT_SIGN, TTL_TOO_LONG ->
          count("citadel_server_csr_sign_err_count", "CSRs that could not be signed.");
      case TOO_MANY -> {}
    }
    if (outcome != CertificateAuthority.Outcome.ISSUED) {
      count(
          "ambit_ca_refused",
          "Certificate requests refused, by reason.",
          "reason",
          outcome.name().toLowerCase(Locale.ROOT));
    }
  }
}
