package dev.ambit.cli.up.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  @Test
  @DisplayName("JSON: one line a step, figures in order and of their own type")
  void jsonLine() {
    var figures = new LinkedHashMap<String, Object>();
    figures.put("requests", 20);
    figures.put("tls", "1.3");
    figures.put("kept", true);
    figures.put("ratio", 0.5);
    new JsonReport(print, print).step(result(figures, ""));
    assertThat(written())
        .isEqualTo(
            "{\"step\":\"enrol-live\",\"ok\":true,\"figures\":{\"requests\":20,\"tls\":\"1.3\","
                + "\"kept\":true,\"ratio\":0.5},\"millis\":1250}\n");
  }

  @Test
  @DisplayName("JSON: a failed step says what was got and expected")
  void jsonTrouble() {
    new JsonReport(print, print).step(result(Map.of(), "link: got nothing, expected tunnels"));
    assertThat(written())
        .contains("\"ok\":false")
        .contains("\"trouble\":\"link: got nothing, expected tunnels\"");
  }

  @Test
  @DisplayName("people: plain lines without escape codes where nobody watches a terminal")
  void plainLines() {
    var report = new PeopleReport(print, false, false);
    report.begin("enrol-live", "a claim");
    report.note("a sentence");
    report.step(result(Map.of("failed", 0), ""));
    assertThat(written())
        .doesNotContain("\u001b", "…")
        .contains("ok   enrol-live", "1.2 s", "a claim", "failed=0", "a sentence");
  }

  @Test
  @DisplayName("people: the running step is shown on a terminal and replaced by its result")
  void terminal() {
    var report = new PeopleReport(print, true, true);
    report.begin("enrol-live", "a claim");
    report.step(result(Map.of(), "got this, expected that"));
    assertThat(written()).contains("… enrol-live\r\u001b[K\u001b[31mFAIL");
  }

  private StepResult result(Map<String, Object> figures, String trouble) {
    return new StepResult("enrol-live", "a claim", figures, trouble, Duration.ofMillis(1250));
  }

  private String written() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
