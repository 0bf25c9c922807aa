package dev.ambit.waypoint.telemetry.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TracesTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String PARENT = "b7ad6b7169203331";

  private static String telemetry(String provider, double percent) {
    return """
    apiVersion: telemetry.istio.io/v1
    kind: Telemetry
    metadata: {name: t, namespace: demo}
    spec:
      tracing:
      - providers: [{name: %s}]
        randomSamplingPercentage: %s
        customTags:
          tenant: {header: {name: X-Tenant, defaultValue: none}}
          home: {environment: {name: HOME}}
          kind: {literal: {value: test}}
          how: {formatter: {value: "%%PROTOCOL%%"}}
    """
        .formatted(provider, percent);
  }

  @Test
  @DisplayName("l7-telemetry 9: an id is made up where there is none, as a UUID of version 4")
  void a_request_gets_an_id() {
    try (Scene scene = new Scene()) {
      Told told = scene.answered(200);

      assertThat(told.requestId)
          .matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
      assertThat(told.request.headers().get("x-request-id")).isEqualTo(told.requestId);
      assertThat(told.span).isNull();
      assertThat(told.request.headers().contains("traceparent")).isFalse();
    }
  }

  @Test
  @DisplayName("l7-telemetry 9: an id that came is kept")
  void an_id_is_kept() {
    try (Scene scene = new Scene(telemetry("otel", 100))) {
      assertThat(scene.answered(200, "x-request-id", "abc").request.headers().get("x-request-id"))
          .isEqualTo("abc");
    }
  }

  @Test
  @DisplayName("l7-telemetry 10: a sampled parent gets a child, and the next hop the child's id")
  void a_sampled_parent() {
    try (Scene scene = new Scene(telemetry("otel", 0))) {
      Told told =
          scene.answered(
              200, "traceparent", "00-" + TRACE + "-" + PARENT + "-01", "tracestate", "a=b");

      Span span = told.span;
      assertThat(span).isNotNull();
      assertThat(span.traceId()).isEqualTo(TRACE);
      assertThat(span.parentId()).isEqualTo(PARENT);
      assertThat(span.spanId()).matches("[0-9a-f]{16}").isNotEqualTo(PARENT);
      assertThat(told.request.headers().get("traceparent"))
          .isEqualTo("00-" + TRACE + "-" + span.spanId() + "-01");
      assertThat(told.request.headers().get("tracestate")).isEqualTo("a=b");
      assertThat(scene.spans)
          .singleElement()
          .satisfies(each -> {
            assertThat(each.span()).isEqualTo(span);
            assertThat(each.traceState()).isEqualTo("a=b");
            assertThat(each.durationNanos()).isEqualTo(12_400_000);
          });
      RequestHead again = Scene.head("traceparent", "00-" + TRACE + "-" + PARENT + "-01");
      scene.recorder.sending(told, again);
      assertThat(again.headers().get("traceparent"))
          .isEqualTo(told.request.headers().get("traceparent"));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 00", "100, 00"})
  @DisplayName("l7-telemetry 10: a parent that is not sampled gets no span")
  void an_unsampled_parent(int percent, String flags) {
    try (Scene scene = new Scene(telemetry("otel", percent))) {
      Told told = scene.answered(200, "traceparent", "00-" + TRACE + "-" + PARENT + "-" + flags);

      assertThat(scene.spans).isEmpty();
      assertThat(told.request.headers().get("traceparent"))
          .startsWith("00-" + TRACE)
          .endsWith("-00")
          .doesNotContain(PARENT);
    }
  }

  @Test
  void without_a_parent_the_percentage_decides_and_the_id_says_so() {
    try (Scene always = new Scene(telemetry("otel", 100));
        Scene never = new Scene(telemetry("otel", 0))) {
      assertThat(always.answered(200).requestId.charAt(14)).isEqualTo('9');
      assertThat(always.spans).hasSize(1);
      assertThat(never.answered(200).requestId.charAt(14)).isEqualTo('4');
      assertThat(never.spans).isEmpty();
      assertThat(never.answered(200, "x-client-trace-id", "1").requestId.charAt(14)).isEqualTo('b');
      assertThat(never.spans).hasSize(1);
    }
  }

  @Test
  void an_id_that_says_traced_is_believed() {
    try (Scene scene = new Scene(telemetry("otel", 0))) {
      scene.answered(200, "x-request-id", "f9bab1ee-4d4c-9a49-8f2b-0123456789ab");
      assertThat(scene.spans).hasSize(1);
      scene.answered(200, "x-request-id", "f9bab1ee-4d4c-4a49-8f2b-0123456789ab");
      assertThat(scene.spans).hasSize(1);
    }
  }

  @Test
  void b3_in_one_header_or_many() {
    try (Scene scene = new Scene(telemetry("zipkin", 0))) {
      Told single = scene.answered(200, "b3", TRACE + "-" + PARENT + "-1");
      assertThat(single.span).isNotNull();
      assertThat(single.request.headers().get("b3"))
          .isEqualTo(TRACE + "-" + single.span.spanId() + "-1-" + PARENT);

      Told many =
          scene.answered(
              200, "X-B3-TraceId", TRACE.substring(16), "X-B3-SpanId", PARENT, "X-B3-Sampled", "1");
      assertThat(many.span).isNotNull();
      assertThat(many.span.traceId()).isEqualTo("0".repeat(16) + TRACE.substring(16));
      assertThat(many.request.headers().get("x-b3-parentspanid")).isEqualTo(PARENT);
      assertThat(many.request.headers().get("x-b3-spanid")).isEqualTo(many.span.spanId());
      assertThat(scene.spans).hasSize(2);

      scene.answered(200, "b3", "0");
      assertThat(scene.spans).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00-" + TRACE + "-" + PARENT,
        "ff-" + TRACE + "-" + PARENT + "-01",
        "00-00000000000000000000000000000000-" + PARENT + "-01",
        "00-" + TRACE + "-0000000000000000-01",
        "00-" + TRACE + "-" + PARENT + "-01-more",
        "00-" + "G" + "af7651916cd43dd8448eb211c80319c-" + PARENT + "-01"
      })
  void a_broken_traceparent_is_none(String text) {
    try (Scene scene = new Scene(telemetry("otel", 100))) {
      Told told = scene.answered(200, "traceparent", text);

      assertThat(told.span).isNotNull();
      assertThat(told.span.parentId()).isEmpty();
      assertThat(told.span.traceId()).isNotEqualTo(TRACE);
    }
  }

  @Test
  void a_span_has_istio_s_tags_and_custom_ones() {
    try (Scene scene = new Scene(telemetry("otel", 100))) {
      scene.answered(503, "user-agent", "curl/8", "x-request-id", "abc");

      FinishedSpan span = scene.spans.element();
      assertThat(span.name()).isEqualTo("svc.demo.svc.cluster.local:80/*");
      assertThat(span.error()).isTrue();
      assertThat(span.tags())
          .containsEntry("component", "proxy")
          .containsEntry("node_id", "waypoint~10.244.0.7~wp-0.demo~demo.svc.cluster.local")
          .containsEntry("http.method", "GET")
          .containsEntry("http.url", "http://svc/shop?q=1")
          .containsEntry("http.protocol", "HTTP/1.1")
          .containsEntry("http.status_code", "503")
          .containsEntry("user_agent", "curl/8")
          .containsEntry("request_size", "3")
          .containsEntry("response_size", "1200")
          .containsEntry("downstream_cluster", "-")
          .containsEntry("upstream_cluster", "inbound-vip|80|http|svc.demo.svc.cluster.local")
          .containsEntry("upstream_cluster.name", "inbound-vip|80|http|svc.demo.svc.cluster.local")
          .containsEntry("peer.address", "10.244.0.9:41000")
          .containsEntry("guid:x-request-id", "abc")
          .containsEntry("response_flags", "-")
          .containsEntry("error", "true")
          .containsEntry("istio.canonical_service", "wp")
          .containsEntry("istio.canonical_revision", "latest")
          .containsEntry("istio.mesh_id", "m")
          .containsEntry("istio.namespace", "demo")
          .containsEntry("istio.cluster_id", "Kubernetes")
          .containsEntry("tenant", "none")
          .containsEntry("home", "/root")
          .containsEntry("kind", "test")
          .containsEntry("how", "HTTP/1.1");
    }
  }
}
