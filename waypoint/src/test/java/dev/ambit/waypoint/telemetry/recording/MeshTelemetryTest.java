package dev.ambit.waypoint.telemetry.recording;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.ambit.waypoint.LocalWaypoint;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.Told;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshTelemetryTest {
  private static final Self SELF =
      new Self("demo", "wp", "wp-0", "latest", "10.244.0.7", "Kubernetes", "m", "");

  private static String meshConfig(Path file, int port) {
    return """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: istio, namespace: istio-system}
    data:
      mesh: |
        accessLogFile: %s
        accessLogFormat: "%%REQ(:METHOD)%% %%RESPONSE_CODE%% %%DOWNSTREAM_PEER_URI_SAN%%\\n"
        defaultProviders:
          tracing: [zip]
        extensionProviders:
        - name: zip
          zipkin: {service: localhost, port: %d}
    """
        .formatted(file, port);
  }

  private static String telemetry() {
    return """
    apiVersion: telemetry.istio.io/v1
    kind: Telemetry
    metadata: {name: t, namespace: istio-system}
    spec:
      tracing: [{randomSamplingPercentage: 100}]
    """;
  }

  @Test
  void what_the_mesh_configuration_names_is_used(@TempDir Path folder) throws Exception {
    BlockingQueue<String> got = new LinkedBlockingQueue<>();
    HttpServer zipkin = zipkin(got);
    Path file = folder.resolve("access.log");
    try (LocalWaypoint waypoint = new LocalWaypoint();
        Scene scene = new Scene(meshConfig(file, zipkin.getAddress().getPort()), telemetry())) {
      Programming programming = () -> scene.snapshot;
      MeshTelemetry telemetry =
          new MeshTelemetry(
              new dev.ambit.daemon.Metrics(),
              InstantSource.fixed(Scene.NOON),
              programming,
              SELF,
              new MeshTelemetry.Ways(waypoint.calls(), Map.of()));
      Told told = scene.told(scene.caller(), Scene.head());
      telemetry.recorder().begun(told);
      scene.reached(told);
      told.status = 200;
      told.endNanos = told.startNanos + 1_000_000;
      telemetry.recorder().ended(told);
      telemetry.forgetIdleSeries();
      telemetry.close();

      assertThat(Files.readAllLines(file))
          .containsExactly("GET 200 spiffe://cluster.local/ns/shop/sa/captured");
      assertThat(told.span).isNotNull();
      assertThat(told.request.headers().get("x-b3-traceid")).isEqualTo(told.span.traceId());
      assertThat(got.poll(10, TimeUnit.SECONDS))
          .contains(told.span.traceId(), "\"serviceName\":\"wp.demo\"");
    } finally {
      zipkin.stop(0);
    }
  }

  @Test
  void a_waypoint_tells_of_itself() {
    try (Scene scene = new Scene()) {
      SelfMetrics.register(scene.metrics, InstantSource.fixed(Scene.NOON), () -> scene.snapshot);
      SelfMetrics.version(scene.metrics, "1.2.3");
      SelfMetrics.inside(
          scene.metrics,
          InstantSource.fixed(Scene.NOON),
          new SelfMetrics.Inside(List::of, () -> 3, () -> 4));

      assertThat(scene.series("istio_build"))
          .containsExactly("istio_build{component=\"proxy\",tag=\"1.2.3\"} 1");
      assertThat(scene.series("ambit_waypoint_"))
          .contains(
              "ambit_waypoint_config_age_seconds 0",
              "ambit_waypoint_mesh_services 2",
              "ambit_waypoint_mesh_workloads 2",
              "ambit_waypoint_certificate_expiry_seconds NaN",
              "ambit_waypoint_tunnels{direction=\"inbound\"} 3",
              "ambit_waypoint_tunnels{direction=\"outbound\"} 4");
      assertThat(scene.series("process_cpu")).isNotEmpty();
      assertThat(scene.series("jvm_memory_used_bytes")).isNotEmpty();
    }
  }

  private static HttpServer zipkin(BlockingQueue<String> got) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
    server.createContext(
        "/api/v2/spans",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          got.add(new String(body, StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(202, -1);
          exchange.close();
        });
    server.start();
    return server;
  }
}
