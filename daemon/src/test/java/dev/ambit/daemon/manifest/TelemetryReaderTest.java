package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.one;
import static dev.ambit.daemon.manifest.Manifests.problems;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.TargetReference;
import dev.ambit.model.object.Telemetry;
import dev.ambit.model.object.Telemetry.AccessLogging;
import dev.ambit.model.object.Telemetry.MetricOverride;
import dev.ambit.model.object.Telemetry.Mode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TelemetryReaderTest {
  private static final String HEAD =
      """
      apiVersion: telemetry.istio.io/v1
      kind: Telemetry
      metadata: {name: t, namespace: demo}
      spec:
      """;

  private static final String ALL =
      """
        targetRefs: [{group: "", kind: Service, name: echo}]
        metrics:
        - providers: [{name: prometheus}]
          reportingInterval: 5s
          overrides:
          - match: {metric: REQUEST_COUNT, mode: SERVER}
            tagOverrides:
              custom_dimension: {value: "'test'"}
              source_principal: {operation: REMOVE}
          - disabled: true
        accessLogging:
        - providers: [{name: envoy}]
          filter: {expression: "response.code >= 400"}
        tracing:
        - providers: [{name: otel}]
          randomSamplingPercentage: 12.5
          disableSpanReporting: false
          customTags:
            a: {literal: {value: b}}
            c: {header: {name: X-Tenant, defaultValue: none}}
            d: {environment: {name: HOME}}
            e: {formatter: {value: "%PROTOCOL%"}}
      """;

  @Test
  void a_telemetry_is_read() {
    Telemetry telemetry = one(Telemetry.class, HEAD + ALL);

    assertThat(telemetry.targetRefs())
        .containsExactly(new TargetReference("", "Service", "", "echo"));
    assertThat(telemetry.metrics())
        .containsExactly(
            new Telemetry.Metrics(
                List.of("prometheus"),
                List.of(
                    new MetricOverride(
                        "REQUEST_COUNT",
                        Mode.SERVER,
                        null,
                        Map.of("custom_dimension", "'test'"),
                        Set.of("source_principal")),
                    new MetricOverride(
                        "ALL_METRICS", Mode.CLIENT_AND_SERVER, true, Map.of(), Set.of()))));
    assertThat(telemetry.accessLogging())
        .containsExactly(
            new AccessLogging(
                Mode.CLIENT_AND_SERVER, List.of("envoy"), null, "response.code >= 400"));
    assertThat(telemetry.tracing())
        .containsExactly(
            new Telemetry.Tracing(
                Mode.CLIENT_AND_SERVER,
                List.of("otel"),
                12.5,
                false,
                null,
                null,
                Map.of(
                    "a", new Telemetry.Literal("b"),
                    "c", new Telemetry.RequestHeader("x-tenant", "none"),
                    "d", new Telemetry.Environment("HOME", ""),
                    "e", new Telemetry.Formatted("%PROTOCOL%"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "metrics: [{overrides: [{tagOverrides: {x: {value: request.path}}}]}] | value",
        "metrics: [{overrides: [{tagOverrides: {x: {}}}]}] | value",
        "metrics: [{overrides: [{tagOverrides: {a-b: {value: \"'1'\"}}}]}] | a-b",
        "metrics: [{overrides: [{match: {metric: REQUESTS}}]}] | metric",
        "accessLogging: [{filter: {expression: \"request.method\"}}] | expression",
        "accessLogging: [{provider: [{name: x}]}] | provider",
        "tracing: [{randomSamplingPercentage: 101}] | randomSamplingPercentage",
        "tracing: [{customTags: {a: {}}}] | literal",
        "selector: {matchLabels: {a: b}} | "
      })
  void what_is_wrong_is_said(String spec, @Nullable String field) {
    List<String> problems = problems(HEAD + "  " + spec + "\n");
    if (field == null) {
      assertThat(problems).isEmpty();
    } else {
      assertThat(problems).isNotEmpty().allSatisfy(each -> assertThat(each).contains(field));
    }
  }
}
