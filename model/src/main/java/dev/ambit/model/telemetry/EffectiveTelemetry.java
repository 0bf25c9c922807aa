package dev.ambit.model.telemetry;

import dev.ambit.model.object.Telemetry.CustomTag;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is told of the traffic to one service at one waypoint (spec: l7-telemetry §2).
 *
 * @param metrics changes to metrics; one that is not there is as usual
 * @param logs what is logged
 */
public record EffectiveTelemetry(
    Map<Metric, MetricRule> metrics, List<Logging> logs, Tracing tracing) {
  /** Without any Telemetry and without providers of logs and traces. */
  public static final EffectiveTelemetry DEFAULT =
      new EffectiveTelemetry(Map.of(), List.of(), Tracing.NONE);

  public EffectiveTelemetry {
    metrics = Collections.unmodifiableMap(new EnumMap<>(withType(metrics)));
    logs = List.copyOf(logs);
  }

  private static Map<Metric, MetricRule> withType(Map<Metric, MetricRule> metrics) {
    Map<Metric, MetricRule> typed = new EnumMap<>(Metric.class);
    typed.putAll(metrics);
    return typed;
  }

  /** What becomes of {@code metric}. */
  public MetricRule rule(Metric metric) {
    return metrics.getOrDefault(metric, MetricRule.USUAL);
  }

  /** Istio's metrics, named as the Telemetry API does. */
  public enum Metric {
    REQUEST_COUNT,
    REQUEST_DURATION,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    TCP_OPENED_CONNECTIONS,
    TCP_CLOSED_CONNECTIONS,
    TCP_SENT_BYTES,
    TCP_RECEIVED_BYTES,
    GRPC_REQUEST_MESSAGES,
    GRPC_RESPONSE_MESSAGES
  }

  /**
   * What becomes of one metric.
   *
   * @param tags to set, new ones and others
   * @param removed tags that are left out
   */
  public record MetricRule(boolean disabled, Map<String, Expression> tags, Set<String> removed) {
    /** As it is without any Telemetry. */
    public static final MetricRule USUAL = new MetricRule(false, Map.of(), Set.of());

    public MetricRule {
      tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
      removed = Set.copyOf(removed);
    }
  }

  /**
   * One log that requests are written to.
   *
   * @param provider its name; {@link TelemetryRules#MESH_LOG} is the one of {@code accessLogFile}
   * @param filter null for every request
   */
  public record Logging(String provider, @Nullable Expression filter) {}

  /**
   * How requests are traced.
   *
   * @param provider "" for not at all
   * @param sampling in percent of requests whose caller did not decide; negative when nobody said
   * @param byRequestId whether the decision is taken from and noted in {@code x-request-id}
   * @param istioTags whether spans say of whose they are
   */
  public record Tracing(
      String provider,
      boolean reported,
      double sampling,
      boolean byRequestId,
      boolean istioTags,
      Map<String, CustomTag> customTags) {
    /** Nothing is traced. */
    public static final Tracing NONE = new Tracing("", true, -1, true, true, Map.of());

    public Tracing {
      customTags = Collections.unmodifiableMap(new LinkedHashMap<>(customTags));
    }
  }
}
