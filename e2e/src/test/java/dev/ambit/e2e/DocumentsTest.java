package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say that a program can check. */
final class DocumentsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");
  private static final Pattern FAILURE_ROW = Pattern.compile("(?m)^\\| `([A-Z0-9_]+)` \\|.*$");

  @Test
  void failures_md_lists_every_failure_as_the_programs_print_it() {
    String text = SourceLaws.read(Repository.root().resolve("docs/failures.md"));
    List<String> rows = FAILURE_ROW.matcher(text).results().map(MatchResult::group).toList();
    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(Failure.values())
                .map(failure ->
                    "| `%s` | `%s` | %d | %s |"
                        .formatted(
                            failure.name(), failure.flag(), failure.status(), failure.advice()))
                .toList());
  }

  @Test
  void links_lead_to_files() throws IOException {
    assertThat(documents())
        .allSatisfy(document ->
            assertThat(LINK.matcher(SourceLaws.read(document)).results())
                .map(link -> link.group(1))
                .filteredOn(target -> !target.contains("://"))
                .allSatisfy(
                    target -> assertThat(document.resolveSibling(target).normalize()).exists()));
  }

  @Test
  void an_adr_is_short_and_has_its_four_parts() throws IOException {
    assertThat(documents())
        .filteredOn(document -> document.getFileName().toString().matches("\\d{4}-.*"))
        .isNotEmpty()
        .allSatisfy(adr ->
            assertThat(SourceLaws.read(adr))
                .contains("\n## Context\n", "\n## Decision\n")
                .contains("\n## Rejected\n", "\n## Consequences\n")
                .satisfies(text -> assertThat(text.lines().count()).isLessThanOrEqualTo(60)));
  }

  private static List<Path> documents() throws IOException {
    Path root = Repository.root();
    try (Stream<Path> docs = Files.walk(root.resolve("docs"))) {
      return Stream.concat(
              docs, Stream.of(root.resolve("README.md"), root.resolve("CONTRIBUTING.md")))
          .filter(file -> file.toString().endsWith(".md"))
          .toList();
    }
  }
}
