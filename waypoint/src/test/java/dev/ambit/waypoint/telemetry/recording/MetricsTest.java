package dev.ambit.waypoint.telemetry.recording;

import static dev.ambit.waypoint.telemetry.recording.Scene.label;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.identity.SpiffeId;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final String OVERRIDE =
      """
      apiVersion: telemetry.istio.io/v1
      kind: Telemetry
      metadata: {name: t, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: svc}]
        metrics:
        - overrides:
          - match: {metric: REQUEST_COUNT}
            tagOverrides:
              custom_dimension: {value: "'test'"}
              tenant: {value: "request.headers['x-tenant']"}
              source_principal: {operation: REMOVE}
          - match: {metric: REQUEST_SIZE}
            disabled: true
      """;

  @Test
  @DisplayName("l7-telemetry 1: five requests of a captured client, with every label of Istio")
  void requests_are_counted() {
    try (Scene scene = new Scene()) {
      for (int i = 0; i < 5; i++) {
        scene.answered(200);
      }

      assertThat(scene.series("istio_requests_total"))
          .containsExactly(
              "istio_requests_total{reporter=\"waypoint\",source_workload=\"captured-v1\","
                  + "source_canonical_service=\"captured\",source_canonical_revision=\"v1\","
                  + "source_workload_namespace=\"shop\","
                  + "source_principal=\"spiffe://cluster.local/ns/shop/sa/captured\","
                  + "source_app=\"captured\",source_version=\"v1\",source_cluster=\"Kubernetes\","
                  + "destination_workload=\"svc-v1\",destination_workload_namespace=\"demo\","
                  + "destination_principal=\"spiffe://cluster.local/ns/demo/sa/svc\","
                  + "destination_app=\"svc\",destination_version=\"v1\","
                  + "destination_service=\"svc.demo.svc.cluster.local\","
                  + "destination_canonical_service=\"svc\",destination_canonical_revision=\"v1\","
                  + "destination_service_name=\"svc\",destination_service_namespace=\"demo\","
                  + "destination_cluster=\"Kubernetes\",request_protocol=\"http\","
                  + "response_flags=\"-\",connection_security_policy=\"mutual_tls\","
                  + "response_code=\"200\",grpc_response_status=\"\"} 5");
    }
  }

  @Test
  @DisplayName("l7-authorization 20: what policies noted that decide nothing is counted")
  void notes_of_policies() {
    try (Scene scene = new Scene()) {
      Told told = scene.told(scene.caller(), Scene.head());
      told.judged(Notes.DECISION);
      scene.recorder.ended(told);
      assertThat(scene.series("ambit_waypoint_policy_notes_total"))
          .containsExactlyInAnyOrder(
              "ambit_waypoint_policy_notes_total{action=\"audit\",policy=\"demo/a\","
                  + "result=\"matched\"} 1",
              "ambit_waypoint_policy_notes_total{action=\"audit\",policy=\"demo/b\","
                  + "result=\"matched\"} 1",
              "ambit_waypoint_policy_notes_total{action=\"dry_run_allow\",policy=\"demo/c\","
                  + "result=\"denied\"} 1",
              "ambit_waypoint_policy_notes_total{action=\"dry_run_deny\",policy=\"demo/d\","
                  + "result=\"denied\"} 1");
    }
  }

  @Test
  void histograms_have_the_bounds_of_istio() {
    try (Scene scene = new Scene()) {
      scene.answered(200);
      scene.answered(200);

      List<String> buckets = scene.series("istio_request_duration_milliseconds_bucket");
      assertThat(buckets.stream().map(line -> label(line, "le")))
          .containsExactly(
              "0.5",
              "1.0",
              "5.0",
              "10.0",
              "25.0",
              "50.0",
              "100.0",
              "250.0",
              "500.0",
              "1000.0",
              "2500.0",
              "5000.0",
              "10000.0",
              "30000.0",
              "60000.0",
              "300000.0",
              "600000.0",
              "1800000.0",
              "3600000.0",
              "+Inf");
      assertThat(buckets.get(3)).endsWith(" 0");
      assertThat(buckets.get(4)).endsWith(" 2");
      assertThat(buckets.getLast()).endsWith(" 2");
      assertThat(scene.series("istio_request_duration_milliseconds_sum").getFirst())
          .endsWith(" 24.8");
      assertThat(scene.series("istio_request_bytes_count").getFirst()).endsWith(" 2");
      assertThat(scene.series("istio_response_bytes_sum").getFirst()).endsWith(" 2400");
      assertThat(scene.series("# TYPE istio_request_duration_milliseconds"))
          .containsExactly("# TYPE istio_request_duration_milliseconds histogram");
    }
  }

  @Test
  @DisplayName("l7-telemetry 13: a waypoint and its canary report one destination, and add up")
  void a_canary() {
    try (Scene primary = new Scene();
        Scene canary = new Scene()) {
      for (int i = 0; i < 7; i++) {
        primary.answered(200);
      }
      for (int i = 0; i < 3; i++) {
        canary.answered(200);
      }
      List<String> lines =
          List.of(
              primary.series("istio_requests_total").getFirst(),
              canary.series("istio_requests_total").getFirst());
      assertThat(lines.stream().map(line -> line.substring(0, line.lastIndexOf(' '))).distinct())
          .as("one series")
          .hasSize(1);
      assertThat(
              lines.stream()
                  .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                  .sum())
          .isEqualTo(10);
    }
  }

  @Test
  @DisplayName("l7-telemetry 2: a refused request has no destination workload")
  void a_refused_request_has_no_workload() {
    try (Scene scene = new Scene()) {
      Told told = scene.told(scene.caller(), Scene.head());
      scene.recorder.begun(told);
      told.status = 403;
      scene.end(told);

      String line = scene.series("istio_requests_total").getFirst();
      assertThat(label(line, "response_code")).isEqualTo("403");
      assertThat(label(line, "destination_workload")).isEqualTo("unknown");
      assertThat(label(line, "destination_principal")).isEqualTo("unknown");
      assertThat(label(line, "destination_service")).isEqualTo("svc.demo.svc.cluster.local");
    }
  }

  @Test
  @DisplayName("l7-telemetry 3: no endpoint is 503 with UH")
  void no_endpoint() {
    try (Scene scene = new Scene()) {
      Told told = scene.told(scene.caller(), Scene.head());
      told.status = 503;
      told.flags = "UH";
      told.cluster = new Cluster.Key(Scene.key("svc"), "", 80, "");
      scene.end(told);

      String line = scene.series("istio_requests_total").getFirst();
      assertThat(label(line, "response_code")).isEqualTo("503");
      assertThat(label(line, "response_flags")).isEqualTo("UH");
      assertThat(label(line, "destination_workload")).isEqualTo("unknown");
    }
  }

  @Test
  @DisplayName("l7-telemetry 4: the service of the routed cluster is reported")
  void the_routed_service_is_reported() {
    try (Scene scene = new Scene()) {
      Told told = scene.told(scene.caller("other", "10.244.0.9", Scene.CLIENT), Scene.head());
      scene.reached(told);
      told.status = 200;
      scene.end(told);

      String line = scene.series("istio_requests_total").getFirst();
      assertThat(label(line, "destination_service")).isEqualTo("svc.demo.svc.cluster.local");
      assertThat(label(line, "destination_service_name")).isEqualTo("svc");
    }
  }

  @Test
  @DisplayName("l7-telemetry 5: a failed gRPC call has its status, and its messages are counted")
  void grpc_calls() {
    try (Scene scene = new Scene()) {
      Told told = scene.told(scene.caller(), Scene.head("content-type", "application/grpc+proto"));
      scene.recorder.begun(told);
      scene.reached(told);
      told.status = 200;
      told.grpcStatus = 14;
      told.requestMessages = 2;
      told.responseMessages = 3;
      scene.end(told);

      String line = scene.series("istio_requests_total").getFirst();
      assertThat(label(line, "request_protocol")).isEqualTo("grpc");
      assertThat(label(line, "response_code")).isEqualTo("200");
      assertThat(label(line, "grpc_response_status")).isEqualTo("14");
      assertThat(scene.series("istio_request_messages_total").getFirst()).endsWith(" 2");
      assertThat(scene.series("istio_response_messages_total").getFirst()).endsWith(" 3");
    }
  }

  @Test
  @DisplayName("l7-telemetry 6: overrides change the series of their service only")
  void overrides_change_labels() {
    try (Scene scene = new Scene(OVERRIDE)) {
      scene.answered(200, "x-tenant", "blue");
      scene.answered(200);
      Told other = scene.told(scene.caller("other", "10.244.0.9", Scene.CLIENT), Scene.head());
      other.status = 200;
      scene.end(other);

      List<String> lines = scene.series("istio_requests_total");
      assertThat(lines).hasSize(3);
      assertThat(lines.stream().filter(line -> "blue".equals(label(line, "tenant"))))
          .singleElement()
          .satisfies(line -> {
            assertThat(label(line, "custom_dimension")).isEqualTo("test");
            assertThat(label(line, "source_principal")).isNull();
          });
      assertThat(lines.stream().filter(line -> "unknown".equals(label(line, "tenant")))).hasSize(1);
      assertThat(lines.stream().filter(line -> label(line, "custom_dimension") == null))
          .singleElement()
          .satisfies(line -> assertThat(label(line, "source_principal")).startsWith("spiffe://"));
      assertThat(scene.series("istio_request_bytes_count")).hasSize(1);
      assertThat(scene.series("istio_request_duration_milliseconds_count"))
          .allSatisfy(line -> assertThat(label(line, "source_principal")).isNotNull());
    }
  }

  @Test
  void an_address_that_is_not_the_proven_identity_s_names_no_workload() {
    try (Scene scene = new Scene()) {
      SpiffeId other = new SpiffeId("cluster.local", "away", "gateway");
      Told told = scene.told(scene.caller("svc", "10.244.0.9", other), Scene.head());
      told.status = 200;
      scene.end(told);

      String line = scene.series("istio_requests_total").getFirst();
      assertThat(label(line, "source_workload")).isEqualTo("unknown");
      assertThat(label(line, "source_workload_namespace")).isEqualTo("away");
      assertThat(label(line, "source_principal"))
          .isEqualTo("spiffe://cluster.local/ns/away/sa/gateway");
    }
  }

  @Test
  @DisplayName("l7-telemetry 12: bytes of a connection grow while it is open; opened and closed 1")
  void connections_are_counted() {
    try (Scene scene = new Scene()) {
      Recorder.Connection connection = scene.recorder.opened(scene.caller(), "a.example");
      connection.connected(new Cluster.Key(Scene.key("svc"), "", 80, ""), scene.endpoint());
      connection.received(10);
      connection.sent(1_000_000);

      assertThat(scene.series("istio_tcp_sent_bytes_total").getFirst()).endsWith(" 1000000");
      assertThat(scene.series("istio_tcp_received_bytes_total").getFirst()).endsWith(" 10");
      assertThat(scene.series("istio_tcp_connections_opened_total").getFirst()).endsWith(" 1");
      assertThat(scene.series("istio_tcp_connections_closed_total")).isEmpty();

      connection.closed("UT", "idle");
      connection.closed("UT", "idle");

      String closed = scene.series("istio_tcp_connections_closed_total").getFirst();
      assertThat(closed).endsWith(" 1");
      assertThat(label(closed, "response_flags")).isEqualTo("UT");
      assertThat(label(closed, "request_protocol")).isEqualTo("tcp");
      assertThat(label(closed, "response_code")).isNull();
      assertThat(label(closed, "destination_workload")).isEqualTo("svc-v1");
    }
  }
}
