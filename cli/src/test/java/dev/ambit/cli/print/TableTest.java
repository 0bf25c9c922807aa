package dev.ambit.cli.print;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TableTest {
  private static String yaml(String json) {
    return Yaml.of(Json.read(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void prints_yaml_in_block_style() {
    assertThat(
            yaml(
                """
                [{"a": "x", "b": {"c": [1, true, null], "d": {}, "e": []}, "f": [[2], [{"g": 3}]]}]
                """))
        .isEqualTo(
            """
            - a: x
              b:
                c:
                - 1
                - true
                - null
                d: {}
                e: []
              f:
              -
                - 2
              -
                - g: 3
            """);
    assertThat(yaml("\"x\"")).isEqualTo("x\n");
    assertThat(yaml("[]")).isEqualTo("[]\n");
  }

  @ParameterizedTest
  @CsvSource({
    "abc, abc",
    "a/b.c-d, a/b.c-d",
    "spiffe://td/ns/a, spiffe://td/ns/a",
    "10.0.0.1, '\"10.0.0.1\"'",
    "true, '\"true\"'",
    "No, '\"No\"'",
    "'', '\"\"'",
    "'a: b', '\"a: b\"'",
    "'a #b', '\"a #b\"'",
    "'-a', '\"-a\"'",
    "'a ', '\"a \"'",
    "fd00::1, '\"fd00::1\"'",
    "'é', '\"é\"'"
  })
  void quotes_what_could_be_something_else(String text, String yaml) {
    assertThat(Yaml.of(tools.jackson.databind.node.StringNode.valueOf(text)))
        .isEqualTo(yaml + "\n");
  }

  @Test
  void needs_a_terminal_to_colour() {
    assertThat(Ink.of(Map.of()).good("x")).isEqualTo("x");
    assertThat(Ink.of(Map.of("AMBIT_TERMINAL", "1")).good("x")).isEqualTo("\u001b[32mx\u001b[0m");
    assertThat(Ink.of(Map.of("AMBIT_TERMINAL", "1", "NO_COLOR", "1")).coloured()).isFalse();
    assertThat(Ink.of(Map.of("AMBIT_TERMINAL", "1", "TERM", "dumb")).coloured()).isFalse();
  }
}
