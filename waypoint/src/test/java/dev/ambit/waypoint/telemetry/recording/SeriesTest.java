package dev.ambit.waypoint.telemetry.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.telemetry.Recorder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SeriesTest {
  private static void forget(Scene scene) throws Exception {
    scene.counted.forgetIdle();
    scene.caller().loop().submit(() -> {}).get(10, TimeUnit.SECONDS);
  }

  @Test
  void a_series_nobody_touched_for_an_hour_is_forgotten() throws Exception {
    try (Scene scene = new Scene()) {
      scene.answered(200);
      scene.now = scene.now.plus(Duration.ofMinutes(59));
      forget(scene);
      assertThat(scene.series("istio_requests_total")).hasSize(1);

      scene.now = scene.now.plus(Duration.ofMinutes(2));
      forget(scene);
      assertThat(scene.series("istio_requests_total")).isEmpty();
      assertThat(scene.series("istio_request_bytes_count")).isEmpty();
    }
  }

  @Test
  void the_series_of_an_open_connection_stays() throws Exception {
    try (Scene scene = new Scene()) {
      Recorder.Connection connection = scene.recorder.opened(scene.caller(), "");
      connection.connected(new Cluster.Key(Scene.key("svc"), "", 80, ""), scene.endpoint());
      scene.now = scene.now.plus(Duration.ofHours(2));
      forget(scene);
      connection.sent(5);
      assertThat(scene.series("istio_tcp_sent_bytes_total").getFirst()).endsWith(" 5");

      connection.closed("-", "");
      scene.now = scene.now.plus(Duration.ofMinutes(61));
      forget(scene);
      assertThat(scene.series("istio_tcp_sent_bytes_total")).isEmpty();
    }
  }

  @Test
  void what_is_too_much_is_counted_as_unknown_and_said() {
    try (Scene scene = new Scene()) {
      for (int status = 200; status < 230; status++) {
        scene.answered(status);
      }

      assertThat(scene.series("istio_requests_total"))
          .hasSize(21)
          .filteredOn(line -> "unknown".equals(Scene.label(line, "destination_service")))
          .singleElement()
          .satisfies(line -> assertThat(line).contains("response_code=\"200\"").endsWith(" 10"));
      assertThat(scene.series("ambit_waypoint_series_overflow_total").getFirst()).endsWith(" 10");
    }
  }
}
