package dev.ambit.waypoint.telemetry.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What graphs and dashboards ask Prometheus for, put to the exposition of a waypoint: selectors and
 * groupings as Kiali and Istio's dashboards write them, without rates.
 */
class GraphQueriesTest {
  private static final String KIALI_NODES =
      "source_cluster,source_workload_namespace,source_workload,source_canonical_service,"
          + "source_canonical_revision,destination_cluster,destination_service_namespace,"
          + "destination_service,destination_service_name,destination_workload_namespace,"
          + "destination_workload,destination_canonical_service,destination_canonical_revision";

  private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");

  /** The sums of a selection by the values of labels; a label that is not there is "". */
  private static Map<List<String>, Double> sum(
      Scene scene, String metric, Map<String, String> selector, String by) {
    Map<List<String>, Double> sums = new LinkedHashMap<>();
    String text = new String(scene.metrics.scrape("").body(), StandardCharsets.UTF_8);
    text.lines()
        .forEach(line -> {
          Matcher sample = SAMPLE.matcher(line);
          if (!sample.matches() || !sample.group(1).equals(metric)) {
            return;
          }
          Map<String, String> labels = new HashMap<>();
          Matcher label = LABEL.matcher(sample.group(2));
          while (label.find()) {
            labels.put(label.group(1), label.group(2));
          }
          boolean selected =
              selector.entrySet().stream()
                  .allMatch(
                      each -> labels.getOrDefault(each.getKey(), "").matches(each.getValue()));
          if (selected) {
            List<String> group = new ArrayList<>();
            for (String name : by.split(",", -1)) {
              group.add(labels.getOrDefault(name, ""));
            }
            sums.merge(group, Double.parseDouble(sample.group(3)), Double::sum);
          }
        });
    return sums;
  }

  private static Scene busy() {
    Scene scene = new Scene();
    scene.answered(200);
    scene.answered(200);
    scene.answered(503);
    Told grpc = scene.told(scene.caller(), Scene.head("content-type", "application/grpc"));
    scene.recorder.begun(grpc);
    scene.reached(grpc);
    grpc.status = 200;
    grpc.grpcStatus = 0;
    grpc.requestMessages = 1;
    grpc.responseMessages = 4;
    scene.end(grpc);
    Recorder.Connection connection = scene.recorder.opened(scene.caller(), "");
    connection.connected(new Cluster.Key(Scene.key("svc"), "", 80, ""), scene.endpoint());
    connection.sent(100);
    connection.received(7);
    connection.closed("-", "");
    return scene;
  }

  @Test
  @DisplayName("l7-telemetry graph: Kiali's edges of requests have every label filled")
  void edges_of_requests() {
    try (Scene scene = busy()) {
      Map<List<String>, Double> edges =
          sum(
              scene,
              "istio_requests_total",
              Map.of("reporter", "waypoint", "destination_service_namespace", "demo"),
              KIALI_NODES + ",request_protocol,response_code,response_flags");

      assertThat(edges).hasSize(3);
      assertThat(edges.keySet())
          .allSatisfy(group -> assertThat(group).doesNotContain("", "unknown"));
      assertThat(edges.values()).containsExactlyInAnyOrder(2.0, 1.0, 1.0);
    }
  }

  @Test
  @DisplayName("l7-telemetry graph: Kiali's edges of connections, and who proved what")
  void edges_of_connections() {
    try (Scene scene = busy()) {
      for (String metric :
          List.of("istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total")) {
        assertThat(
                sum(
                    scene,
                    metric,
                    Map.of("reporter", "waypoint"),
                    KIALI_NODES + ",response_flags,connection_security_policy"))
            .hasSize(1)
            .allSatisfy((group, sum) -> assertThat(group).doesNotContain("", "unknown"));
      }
      assertThat(
              sum(
                  scene,
                  "istio_requests_total",
                  Map.of("connection_security_policy", "mutual_tls"),
                  "source_principal,destination_principal"))
          .containsOnlyKeys(
              List.of(
                  "spiffe://cluster.local/ns/shop/sa/captured",
                  "spiffe://cluster.local/ns/demo/sa/svc"));
    }
  }

  @Test
  @DisplayName("l7-telemetry graph: success, rate and latency of the dashboards of Istio")
  void dashboards() {
    try (Scene scene = busy()) {
      Map<String, String> service =
          Map.of("reporter", "source|waypoint", "destination_service", "svc\\.demo\\..*");

      assertThat(sum(scene, "istio_requests_total", service, "source_workload"))
          .containsExactly(Map.entry(List.of("captured-v1"), 4.0));
      Map<String, String> good = new HashMap<>(service);
      good.put("response_code", "[^5].*");
      assertThat(sum(scene, "istio_requests_total", good, "destination_workload"))
          .containsExactly(Map.entry(List.of("svc-v1"), 3.0));
      Map<List<String>, Double> latency =
          sum(
              scene,
              "istio_request_duration_milliseconds_bucket",
              service,
              "destination_workload,destination_workload_namespace,le");
      assertThat(latency).hasSize(20).containsEntry(List.of("svc-v1", "demo", "+Inf"), 4.0);
      for (String size : List.of("istio_request_bytes", "istio_response_bytes")) {
        assertThat(sum(scene, size + "_count", service, "destination_version"))
            .containsExactly(Map.entry(List.of("v1"), 4.0));
      }
      assertThat(
              sum(
                  scene,
                  "istio_response_messages_total",
                  Map.of("grpc_response_status", "0", "request_protocol", "grpc"),
                  "destination_app"))
          .containsExactly(Map.entry(List.of("svc"), 4.0));
      for (String metric : List.of("opened", "closed")) {
        assertThat(
                sum(
                    scene,
                    "istio_tcp_connections_" + metric + "_total",
                    Map.of("reporter", "waypoint"),
                    "destination_service_name"))
            .containsExactly(Map.entry(List.of("svc"), 1.0));
      }
    }
  }
}
