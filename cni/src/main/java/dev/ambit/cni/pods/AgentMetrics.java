package dev.ambit.cni.pods;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;

/** What the agent counts. */
final class AgentMetrics {
  private final MeterRegistry registry;

  AgentMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** A ruleset was applied. {@code variant}: capture, drain or remove. */
  void applied(String variant) {
    registry.counter("ambit_cni_rule_applies", "variant", variant).increment();
  }

  /** Something did not work. {@code reason} is one of a few words. */
  void failed(String reason) {
    registry.counter("ambit_cni_failures", "reason", reason).increment();
  }

  /** A pod is captured, {@code took} after that was asked for. */
  void enrolled(Duration took) {
    registry.timer("ambit_cni_enrol_seconds").record(took);
  }

  /** Publishes a number that is read at each scrape. */
  void gauge(String name, String key, String value, Supplier<Number> number) {
    io.micrometer.core.instrument.Gauge.builder(name, number)
        .tag(key, value)
        .strongReference(true)
        .register(registry);
  }
}
