package dev.ambit.waypoint.telemetry.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Json;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.log.LogFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class LogsTest {
  private static final String ALL =
      """
      apiVersion: telemetry.istio.io/v1
      kind: Telemetry
      metadata: {name: t, namespace: demo}
      spec:
        accessLogging:
        - providers: [{name: file}]
      """;

  private static final String FAILURES =
      ALL + "    filter: {expression: \"response.code >= 400\"}\n";

  private static Told plain(Scene scene) {
    return scene.answered(200, "user-agent", "curl/8", "x-request-id", "abc");
  }

  private static JsonNode json(Told told) {
    return Json.read(LogFormat.JSON.line(told).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void the_usual_line_is_istio_s() {
    try (Scene scene = new Scene()) {
      assertThat(LogFormat.TEXT.line(plain(scene)))
          .isEqualTo(
              "[2026-11-25T12:00:00.123Z] \"GET /shop?q=1 HTTP/1.1\" 200 - via_upstream - \"-\" 3"
                  + " 1200 12 11 \"-\" \"curl/8\" \"abc\" \"svc\" \"10.244.0.1:8080\""
                  + " inbound-vip|80|http|svc.demo.svc.cluster.local - 10.96.0.1:80"
                  + " 10.244.0.9:41000 - default");
    }
  }

  @Test
  void the_usual_object_has_istio_s_24_keys_and_ours() {
    try (Scene scene = new Scene()) {
      Told told = plain(scene);
      told.deniedBy = "demo/deny";
      JsonNode line = json(told);

      assertThat(line.propertyNames())
          .containsExactly(
              "start_time",
              "route_name",
              "method",
              "path",
              "protocol",
              "response_code",
              "response_flags",
              "response_code_details",
              "connection_termination_details",
              "bytes_received",
              "bytes_sent",
              "duration",
              "upstream_service_time",
              "x_forwarded_for",
              "user_agent",
              "request_id",
              "authority",
              "upstream_host",
              "upstream_cluster",
              "upstream_local_address",
              "downstream_local_address",
              "downstream_remote_address",
              "requested_server_name",
              "upstream_transport_failure_reason",
              "denied_by",
              "source_principal");
      assertThat(line.path("response_code").isNumber()).isTrue();
      assertThat(line.path("bytes_sent").asLong()).isEqualTo(1200);
      assertThat(line.path("x_forwarded_for").isNull()).isTrue();
      assertThat(line.path("upstream_service_time").asString()).isEqualTo("11");
      assertThat(line.path("denied_by").asString()).isEqualTo("demo/deny");
    }
  }

  @Test
  @DisplayName("l7-authorization 20: what a dry run would have done, and who audited")
  void notes_of_policies() {
    try (Scene scene = new Scene()) {
      Told told = plain(scene);
      told.judged(Notes.DECISION);
      JsonNode line = json(told);

      assertThat(line.path("audited_by").asString()).isEqualTo("demo/a,demo/b");
      assertThat(line.path("dry_run").asString()).isEqualTo("denied by demo/d");
      assertThat(LogFormat.text("%AMBIT_AUDITED_BY% %AMBIT_DRY_RUN%").line(told))
          .isEqualTo("demo/a,demo/b denied by demo/d");
    }
  }

  @Test
  void a_format_of_one_s_own() {
    try (Scene scene = new Scene()) {
      LogFormat format =
          LogFormat.text(
              "%START_TIME(%Y/%m/%d %H:%M:%S.%3f %s)% %REQ(X-NONE?USER-AGENT):4% 100%%"
                  + " %REQ(:METHOD)% %DOWNSTREAM_PEER_URI_SAN% %GRPC_STATUS% %TRACE_ID%\n");

      assertThat(format.line(plain(scene)))
          .isEqualTo(
              "2026/11/25 12:00:00.123 1795608000 curl 100% GET"
                  + " spiffe://cluster.local/ns/shop/sa/captured - -");
      assertThat(LogFormat.json(Map.of("both", "%REQ(:METHOD)% %PROTOCOL%")).line(plain(scene)))
          .isEqualTo("{\"both\":\"GET HTTP/1.1\"}");
    }
  }

  @Test
  void a_header_begins_no_line_and_ends_no_text() {
    try (Scene scene = new Scene()) {
      Told told = scene.answered(200, "user-agent", "a\"b\\\t");

      assertThat(LogFormat.TEXT.line(told)).doesNotContain("\t").contains("\\x09");
      assertThat(json(told).path("user_agent").asString()).isEqualTo("a\"b\\\t");
    }
  }

  @Test
  void lines_go_to_the_file_of_the_provider(@TempDir Path folder) throws IOException {
    assertThat(lines(folder, ALL)).hasSize(2);
    assertThat(lines(folder, FAILURES)).singleElement().asString().contains(" 503 ");
  }

  @Test
  @DisplayName("l7-telemetry 8: without a file and without Telemetry nothing is logged")
  void nothing_by_itself(@TempDir Path folder) throws IOException {
    assertThat(lines(folder)).isEmpty();
  }

  private static List<String> lines(Path folder, String... yaml) throws IOException {
    Path file = Files.createTempFile(folder, "access", ".log");
    try (Scene scene = new Scene(yaml)) {
      scene.logs.put("file", new AccessLogs.Target(file.toString(), LogFormat.TEXT));
      scene.answered(200);
      scene.answered(503);
      scene.accessLogs.flush(Duration.ofSeconds(10));
    }
    return Files.readAllLines(file);
  }
}
