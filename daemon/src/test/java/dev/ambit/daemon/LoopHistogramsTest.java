package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoopHistogramsTest {
  private final Metrics metrics = new Metrics();
  private final LoopHistograms family =
      metrics.histograms("sizes", "Sizes of things.", List.of("kind", "color"), 1, 10);

  private List<String> lines() {
    return new String(metrics.scrape("").body(), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains("sizes"))
        .toList();
  }

  @Test
  void cells_of_one_series_are_summed() {
    LoopHistograms.Cell one = family.cell(Map.of("kind", "a"));
    LoopHistograms.Cell other = family.cell(Map.of("kind", "a"));
    one.record(1);
    one.record(2.5);
    other.record(100);

    assertThat(lines())
        .containsExactly(
            "# HELP sizes Sizes of things.",
            "# TYPE sizes histogram",
            "sizes_bucket{kind=\"a\",le=\"1.0\"} 1",
            "sizes_bucket{kind=\"a\",le=\"10.0\"} 2",
            "sizes_bucket{kind=\"a\",le=\"+Inf\"} 3",
            "sizes_count{kind=\"a\"} 3",
            "sizes_sum{kind=\"a\"} 103.5");
  }

  @Test
  void a_released_cell_leaves_its_records_until_the_last_one_goes() {
    LoopHistograms.Cell one = family.cell(Map.of("kind", "a"));
    LoopHistograms.Cell other = family.cell(Map.of("kind", "a"));
    one.record(1);
    one.release();
    one.release();

    assertThat(lines()).contains("sizes_count{kind=\"a\"} 1");
    other.release();
    assertThat(family.size()).isZero();
    assertThat(lines()).noneMatch(line -> line.startsWith("sizes_"));
  }

  @Test
  void labels_without_an_order_come_last() {
    family.cell(Map.of("zone", "z", "color", "red", "kind", "a")).record(1);

    assertThat(lines()).contains("sizes_count{kind=\"a\",color=\"red\",zone=\"z\"} 1");
  }
}
