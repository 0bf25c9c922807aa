package dev.ambit.daemon.manifest;

import static dev.ambit.daemon.manifest.Manifests.MODIFIED;
import static dev.ambit.daemon.manifest.Manifests.POD;
import static dev.ambit.daemon.manifest.Manifests.problems;
import static dev.ambit.daemon.manifest.Manifests.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.ManifestReader.Content;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlReaderTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kind: Pod\\n\\tname: x|2|found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)",
        "a: 'x\\n|2|found unexpected end of stream",
        "a:\\n  b: 1\\n c: 2\\n|3|expected <block end>, but found '<block mapping start>'",
        "a: 1\\na: 2|2|key a again",
        "? [a]\\n: b|1|a list or mapping as a key",
        "a: *x|1|alias *x",
        "a: &x [*x]|1|alias *x",
        "- a|1|a list",
        "just text|1|\"just text\"",
        "{{ .Values.x }}|1|a list or mapping as a key",
      })
  void what_is_not_a_manifest_is_named_with_its_line(String text, int line, String got) {
    Content content = read(text.translateEscapes());

    assertThat(content.nameless()).isTrue();
    assertThat(content.problems())
        .singleElement()
        .satisfies(problem -> {
          assertThat(problem.line()).isEqualTo(line);
          assertThat(problem.got()).isEqualTo(got);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "- ", "? "})
  void too_deep_nesting_is_refused(String opening) {
    Content content = read(opening.repeat(50_000));

    assertThat(content.problems()).hasSize(1);
    assertThat(content.problems().getFirst().got())
        .isIn("deeper nesting", "a list or mapping as a key");
  }

  @Test
  void an_alias_bomb_is_refused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    assertThat(problems(bomb.toString()))
        .containsExactly("a.yaml:27: : got more aliases, expected at most 50 a document");
  }

  @Test
  void aliases_within_bounds_cost_no_more_than_their_text() {
    StringBuilder spec = new StringBuilder("  x0: &x0 [x, x]\n");
    for (int i = 1; i < 24; i++) {
      spec.append("  x%d: &x%d [*x%d, *x%d]\n".formatted(i, i, i - 1, i - 1));
    }
    Content content = read(POD.replace("spec:\n", "spec:\n" + spec));

    assertThat(content.objects()).hasSize(1);
    assertThat(content.loaded().getFirst().spec()).hasSizeLessThan(1024 * 1024);
  }

  @Test
  void text_that_is_not_utf8_is_named_with_its_line() {
    Content content =
        ManifestReader.read("b.yaml", new byte[] {'a', ':', '\n', (byte) 0xc3, '('}, MODIFIED);

    assertThat(content.problems())
        .map(ManifestProblem::toString)
        .containsExactly("b.yaml:2: : got a byte that is not UTF-8, expected text in UTF-8");
    byte[] marked = ("\ufeff" + POD).getBytes(StandardCharsets.UTF_8);
    assertThat(ManifestReader.read("b.yaml", marked, MODIFIED).objects()).hasSize(1);
    byte[] binary = new byte[1000];
    assertThat(ManifestReader.read("b.yaml", binary, MODIFIED).problems()).hasSize(1);
  }

  @Test
  void a_file_of_5_megabytes_is_read() {
    StringBuilder text = new StringBuilder();
    int count = 0;
    while (text.length() < 5 * 1024 * 1024) {
      text.append(POD.replace("echo-a", "echo-" + count++)).append("---\n");
    }
    Content content = read(text.toString());

    assertThat(content.problems()).isEmpty();
    assertThat(content.objects()).hasSize(count);
  }
}
