package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import dev.ambit.daemon.Log.Level;
import dev.ambit.daemon.Log.Plain;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LogLineTest {
  private static final Instant TIME = Instant.parse("2026-11-24T03:14:14.000007999Z");
  private static final Pattern FIELD = Pattern.compile("([a-z_.]+)=(\"[^\"]*\"|\\S+)");

  private record Line(Instant time, Level level, String scope, String message, Object[] fields) {
    static Line parse(String text) {
      String[] parts = text.split("\t", 5);
      List<Object> fields = new ArrayList<>();
      Matcher field = FIELD.matcher(parts[4]);
      while (field.find()) {
        String value = field.group(2);
        fields.add(field.group(1));
        if (value.startsWith("\"")) {
          fields.add(value.substring(1, value.length() - 1));
        } else if (value.matches("\\d+")) {
          fields.add(Long.parseLong(value));
        } else {
          fields.add(new Plain(value));
        }
      }
      Level level = Level.valueOf(parts[1].toUpperCase(Locale.ROOT));
      return new Line(Instant.parse(parts[0]), level, parts[2], parts[3], fields.toArray());
    }
  }

  private static List<String> golden() throws Exception {
    try (InputStream file =
        LogLineTest.class.getResourceAsStream("/golden/access-log-node-b.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void plain_lines_are_those_of_the_recording_byte_for_byte() throws Exception {
    List<String> golden = golden();
    assertThat(golden).hasSizeGreaterThan(40);
    assertAll(
        golden.stream()
            .map(text ->
                () -> {
                  Line line = Line.parse(text);
                  assertThat(
                          LogLine.plain(
                              line.time, line.level, line.scope, line.message, line.fields))
                      .isEqualTo(text);
                }));
  }

  @Test
  @DisplayName("ztunnel-observability 13: a JSON line has level, time, scope, message, dotted keys")
  void json_lines_parse() throws Exception {
    Line line = Line.parse(golden().getFirst());
    String text = LogLine.json(line.time, line.level, line.scope, line.message, line.fields);
    JsonNode json = Json.read(text.getBytes(StandardCharsets.UTF_8));

    assertThat(text)
        .startsWith(
            "{\"level\":\"info\",\"time\":\"2026-11-24T03:14:03.045978Z\",\"scope\":\"access\","
                + "\"message\":\"connection complete\",\"src.addr\":\"10.244.1.10:46272\",");
    assertThat(json.get("src.workload").asString()).isEqualTo("client-a");
    assertThat(json.get("bytes_sent").isNumber()).isTrue();
    assertThat(json.get("duration").asString()).isEqualTo("1ms");
  }

  @Test
  void absent_values_are_left_out() {
    Object[] fields = {"a", null, "b", 1, "c", null, "d", true};

    assertThat(LogLine.plain(TIME, Level.WARN, "x", "m", fields))
        .isEqualTo("2026-11-24T03:14:14.000007Z\twarn\tx\tm\tb=1 d=true");
    assertThat(LogLine.json(TIME, Level.WARN, "x", "m", fields))
        .endsWith("\"message\":\"m\",\"b\":1,\"d\":true}");
    assertThat(LogLine.plain(TIME, Level.WARN, "x", "m", new Object[0])).endsWith("\tm");
  }

  @Test
  @DisplayName("threat-model SEC-067: control characters and quotes cannot forge a line")
  void hostile_values_stay_inside_their_line() {
    String hostile = "a\"b\\c\r\nd\u001b[31m\t\u2028e\ud800";
    Object[] fields = {"v", hostile, "p", new Plain(hostile)};

    String plain = LogLine.plain(TIME, Level.INFO, "x", hostile, fields);
    assertThat(plain).doesNotContain("\n", "\r", "\u001b", "\u2028");
    assertThat(plain.chars().filter(c -> c == '\t')).hasSize(4);
    assertThat(plain).contains("v=\"a\\\"b\\\\c\\r\\nd\\u{1b}[31m\\t");

    String json = LogLine.json(TIME, Level.INFO, "x", hostile, fields);
    assertThat(json).doesNotContain("\n", "\r", "\u001b");
    assertThat(Json.read(json.getBytes(StandardCharsets.UTF_8)).get("v").asString())
        .startsWith("a\"b\\c\r\nd\u001b[31m\t\u2028e");
  }

  @Test
  @DisplayName("threat-model SEC-067: lines are cut near 8 KiB and stay valid")
  void long_values_are_cut() {
    String huge = "x".repeat(100_000);
    Object[] fields = {"a", huge, "b", huge};

    assertThat(LogLine.plain(TIME, Level.INFO, "x", "m", fields)).hasSizeLessThan(8300);
    String json = LogLine.json(TIME, Level.INFO, "x", "m", fields);
    assertThat(json).hasSizeLessThan(8300);
    assertThat(Json.read(json.getBytes(StandardCharsets.UTF_8)).get("b").asString()).isEqualTo("…");
  }

  @Test
  void an_exception_brings_its_stack_at_level_error_only() {
    Object[] fields = {"error", new IllegalStateException("broken")};

    assertThat(LogLine.plain(TIME, Level.WARN, "x", "m", fields))
        .endsWith("error=\"IllegalStateException: broken\"");
    assertThat(LogLine.plain(TIME, Level.ERROR, "x", "m", fields))
        .contains("stack=\"java.lang.IllegalStateException: broken\\n\\tat ");
  }
}
