package dev.ambit.model.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.Telemetry.AccessLogging;
import dev.ambit.model.object.Telemetry.MetricOverride;
import dev.ambit.model.object.Telemetry.Mode;
import dev.ambit.model.telemetry.EffectiveTelemetry.Logging;
import dev.ambit.model.telemetry.EffectiveTelemetry.Metric;
import dev.ambit.model.telemetry.EffectiveTelemetry.MetricRule;
import dev.ambit.model.telemetry.TelemetryRules.Asked;
import dev.ambit.model.telemetry.TelemetryRules.Defaults;
import dev.ambit.model.waypoint.PolicyAttachment.Owner;
import dev.ambit.model.waypoint.PolicyAttachment.Place;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TelemetryRulesTest {
  private static final Place WAYPOINT = new Place("edge", "waypoint", "istio-waypoint");
  private static final Asked ECHO =
      new Asked(WAYPOINT, new Owner("Service", "demo", "echo"), "istio-system");
  private static final Defaults STDOUT =
      new Defaults(Set.of("prometheus"), List.of("prometheus"), List.of("envoy"), List.of("otel"));

  private static Telemetry telemetry(
      String namespace, String name, long second, TargetReference... targets) {
    Metadata metadata =
        new Metadata(
            namespace, name, name, Map.of(), Map.of(), Instant.ofEpochSecond(second), "test");
    return new Telemetry(metadata, Map.of(), List.of(targets), List.of(), List.of(), List.of());
  }

  private static Telemetry metrics(
      String metric, @Nullable Boolean disabled, Map<String, String> tags, String... removed) {
    Telemetry bare = telemetry("demo", "t", 1);
    MetricOverride override =
        new MetricOverride(metric, Mode.SERVER, disabled, tags, Set.of(removed));
    return new Telemetry(
        bare.metadata(),
        Map.of(),
        List.of(),
        List.of(new Telemetry.Metrics(List.of(), List.of(override))),
        List.of(),
        List.of());
  }

  private static Telemetry log(@Nullable Boolean disabled, String filter, String... providers) {
    AccessLogging one = new AccessLogging(Mode.SERVER, List.of(providers), disabled, filter);
    return new Telemetry(
        telemetry("demo", "t", 1).metadata(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(one),
        List.of());
  }

  private static Telemetry traces(
      @Nullable Double sampling, @Nullable Boolean unreported, String... providers) {
    Telemetry.Tracing one =
        new Telemetry.Tracing(
            Mode.CLIENT_AND_SERVER, List.of(providers), sampling, unreported, null, null, Map.of());
    return new Telemetry(
        telemetry("demo", "t", 1).metadata(),
        Map.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(one));
  }

  @Test
  void the_more_specific_comes_later() {
    Telemetry root = telemetry("istio-system", "root", 1);
    Telemetry ofWaypoint = telemetry("edge", "w", 1);
    Telemetry younger = telemetry("demo", "younger", 9);
    Telemetry older = telemetry("demo", "older", 5);
    Telemetry gateway =
        telemetry(
            "edge",
            "g",
            1,
            new TargetReference("gateway.networking.k8s.io", "Gateway", "", "waypoint"));
    Telemetry service = telemetry("demo", "s", 1, new TargetReference("", "Service", "", "echo"));
    Telemetry other = telemetry("demo", "o", 1, new TargetReference("", "Service", "", "other"));
    Telemetry elsewhere = telemetry("away", "e", 1);

    assertThat(
            TelemetryRules.applicable(
                List.of(service, gateway, younger, older, elsewhere, other, ofWaypoint, root),
                ECHO))
        .containsExactly(root, ofWaypoint, older, gateway, service);
    assertThat(
            TelemetryRules.applicable(
                List.of(service, gateway, older, ofWaypoint, root),
                new Asked(WAYPOINT, null, "istio-system")))
        .containsExactly(root, ofWaypoint, gateway);
  }

  @Test
  @DisplayName("l7-telemetry 7: one with a selector is ignored")
  void a_selector_attaches_to_no_waypoint() {
    Telemetry selecting =
        new Telemetry(
            telemetry("demo", "t", 1).metadata(),
            Map.of("app", "waypoint"),
            List.of(),
            List.of(),
            List.of(),
            List.of());

    assertThat(TelemetryRules.applicable(List.of(selecting), ECHO)).isEmpty();
  }

  @Test
  @DisplayName("l7-telemetry 6: a tag is added and another removed for the metric that is named")
  void tags_are_overridden() {
    EffectiveTelemetry merged =
        TelemetryRules.merge(
            List.of(
                metrics(
                    "REQUEST_COUNT",
                    null,
                    Map.of("custom_dimension", "'test'"),
                    "source_principal")),
            Defaults.USUAL);

    assertThat(merged.rule(Metric.REQUEST_COUNT))
        .isEqualTo(
            new MetricRule(
                false,
                Map.of("custom_dimension", Expression.tag("'test'")),
                Set.of("source_principal")));
    assertThat(merged.rule(Metric.REQUEST_DURATION)).isEqualTo(MetricRule.USUAL);
  }

  @Test
  void overrides_accumulate_and_the_later_wins() {
    EffectiveTelemetry merged =
        TelemetryRules.merge(
            List.of(
                metrics("ALL_METRICS", true, Map.of("a", "'1'")),
                metrics("REQUEST_COUNT", false, Map.of("b", "'2'"))),
            Defaults.USUAL);

    assertThat(merged.rule(Metric.REQUEST_COUNT).disabled()).isFalse();
    assertThat(merged.rule(Metric.REQUEST_COUNT).tags()).containsOnlyKeys("a", "b");
    assertThat(merged.rule(Metric.TCP_SENT_BYTES).disabled()).isTrue();
  }

  @Test
  void a_provider_that_is_not_scraped_turns_metrics_off() {
    Defaults elsewhere = new Defaults(Set.of("prometheus"), List.of("other"), List.of(), List.of());

    assertThat(TelemetryRules.merge(List.of(), elsewhere).rule(Metric.REQUEST_COUNT).disabled())
        .isTrue();
    assertThat(
            TelemetryRules.merge(List.of(), Defaults.USUAL).rule(Metric.REQUEST_COUNT).disabled())
        .isFalse();
  }

  @Test
  @DisplayName("l7-telemetry 8: without a file and without Telemetry nothing is logged")
  void nothing_is_logged_by_itself() {
    assertThat(TelemetryRules.merge(List.of(), Defaults.USUAL).logs()).isEmpty();
  }

  @Test
  void the_most_specific_list_of_logs_replaces() {
    assertThat(TelemetryRules.merge(List.of(), STDOUT).logs())
        .containsExactly(new Logging("envoy", null));
    assertThat(
            TelemetryRules.merge(List.of(log(null, "response.code >= 400", "json")), STDOUT).logs())
        .containsExactly(new Logging("json", Expression.filter("response.code >= 400")));
    assertThat(TelemetryRules.merge(List.of(log(true, "")), STDOUT).logs()).isEmpty();
    assertThat(TelemetryRules.merge(List.of(log(true, ""), log(false, "")), STDOUT).logs())
        .containsExactly(new Logging("envoy", null));
  }

  @Test
  void fields_of_tracing_replace_each_by_itself() {
    EffectiveTelemetry.Tracing merged =
        TelemetryRules.merge(
                List.of(traces(10.0, null, "a"), traces(null, true), traces(50.0, null, "b")),
                STDOUT)
            .tracing();

    assertThat(merged.provider()).isEqualTo("b");
    assertThat(merged.sampling()).isEqualTo(50);
    assertThat(merged.reported()).isFalse();
    assertThat(TelemetryRules.merge(List.of(), STDOUT).tracing().provider()).isEqualTo("otel");
    assertThat(TelemetryRules.merge(List.of(), Defaults.USUAL).tracing().provider()).isEmpty();
  }
}
