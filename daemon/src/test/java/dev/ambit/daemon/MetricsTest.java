package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Timer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private final Metrics metrics = new Metrics();

  private String scrape() {
    return new String(metrics.scrape("").body(), StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("ztunnel-observability 10: content type by Accept; the body ends in # EOF")
  void content_type_follows_accept() {
    Metrics.Exposition plain = metrics.scrape("");
    Metrics.Exposition open = metrics.scrape("text/plain;q=0.5, application/openmetrics-text");

    assertThat(plain.contentType()).isEqualTo("text/plain; charset=utf-8");
    assertThat(open.contentType())
        .isEqualTo("application/openmetrics-text;charset=utf-8;version=1.0.0");
    for (Metrics.Exposition each : List.of(plain, open)) {
      assertThat(new String(each.body(), StandardCharsets.UTF_8)).endsWith("\n# EOF\n");
    }
  }

  @Test
  void cells_of_several_owners_are_one_series_in_label_order() {
    LoopCells opened =
        metrics.counters(
            "istio_tcp_connections_opened",
            "The total number of TCP connections opened.",
            List.of("reporter", "destination_app", "absent", "app"));
    Map<String, String> labels =
        Map.of("app", "a\"\\\n", "reporter", "source", "destination_app", "echo");
    LoopCells.Cell one = opened.cell(labels);
    LoopCells.Cell two = opened.cell(labels);
    one.increment();
    two.add(41);

    assertThat(scrape())
        .contains(
            """
            # HELP istio_tcp_connections_opened The total number of TCP connections opened.
            # TYPE istio_tcp_connections_opened counter
            istio_tcp_connections_opened_total{reporter="source",destination_app="echo",app="a\\"\\\\\\n"} 42
            """);
  }

  @Test
  void a_released_cell_stays_in_the_sum_and_the_last_one_takes_the_series_along() {
    LoopCells cells = metrics.counters("bytes", "Bytes.", List.of("a"));
    LoopCells.Cell one = cells.cell(Map.of("a", "x"));
    LoopCells.Cell two = cells.cell(Map.of("a", "x"));
    one.add(5);
    two.add(6);
    one.release();
    one.release();
    assertThat(scrape()).contains("bytes_total{a=\"x\"} 11\n");

    two.release();
    assertThat(cells.size()).isZero();
    assertThat(scrape()).doesNotContain("bytes_total{");

    cells.cell(Map.of("a", "x")).add(1);
    assertThat(scrape()).contains("bytes_total{a=\"x\"} 1\n");
  }

  @Test
  void series_of_one_name_may_differ_in_labels() {
    LoopCells cells = metrics.counters("c", "C.", List.of("a", "zone"));
    cells.cell(Map.of("a", "1")).add(1);
    cells.cell(Map.of("a", "1", "zone", "z")).add(2);

    assertThat(scrape()).contains("c_total{a=\"1\"} 1\n", "c_total{a=\"1\",zone=\"z\"} 2\n");
  }

  @Test
  @DisplayName("ztunnel-observability 23: a gauge of cells sums what loops add and take")
  void gauges_go_down_too() {
    LoopCells sockets = metrics.gauges("istio_tcp_sockets_open", "Open.", List.of("reporter"));
    LoopCells.Cell opening = sockets.cell(Map.of("reporter", "source"));
    LoopCells.Cell closing = sockets.cell(Map.of("reporter", "source"));
    opening.add(2);
    closing.add(-1);
    assertThat(scrape()).contains("istio_tcp_sockets_open{reporter=\"source\"} 1\n");
    closing.add(-1);
    assertThat(scrape()).contains("istio_tcp_sockets_open{reporter=\"source\"} 0\n");
  }

  @Test
  void series_have_a_limit() {
    LoopCells cells = metrics.counters("many", "Many.", List.of("i"));
    for (int i = 0; i < LoopCells.MOST_SERIES + 10; i++) {
      cells.cell(Map.of("i", "" + i)).add(1);
    }
    assertThat(cells.size()).isEqualTo(LoopCells.MOST_SERIES);
    LoopCells.Cell beyond = cells.cell(Map.of("i", "beyond"));
    beyond.add(1);
    beyond.release();
  }

  @Test
  void a_family_is_declared_once() {
    metrics.counters("twice", "", List.of());
    assertThatThrownBy(() -> metrics.counters("twice", "", List.of()))
        .hasMessageContaining("twice");
  }

  @Test
  void the_process_and_the_machine_are_described() {
    assertThat(scrape().lines())
        .anyMatch(line -> line.matches("process_open_fds [1-9]\\d*"))
        .anyMatch(line -> line.matches("process_max_fds ([1-9]\\d*|\\+Inf)"))
        .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{"))
        .anyMatch(line -> line.startsWith("jvm_gc_collections_total{"))
        .anyMatch(line -> line.startsWith("jvm_threads_live_threads "));
  }

  @Test
  void histograms_have_cumulative_buckets() {
    Timer timer =
        Timer.builder("istio_dns_upstream_request_duration")
            .serviceLevelObjectives(Duration.ofMillis(1), Duration.ofSeconds(1))
            .register(metrics.registry());
    timer.record(Duration.ofNanos(500_000));
    timer.record(Duration.ofMillis(500));
    timer.record(Duration.ofSeconds(2));

    assertThat(scrape())
        .contains(
            """
            # TYPE istio_dns_upstream_request_duration_seconds histogram
            istio_dns_upstream_request_duration_seconds_bucket{le="0.001"} 1
            istio_dns_upstream_request_duration_seconds_bucket{le="1.0"} 2
            istio_dns_upstream_request_duration_seconds_bucket{le="+Inf"} 3
            istio_dns_upstream_request_duration_seconds_count 3
            istio_dns_upstream_request_duration_seconds_sum 2.5005
            """);
  }
}
