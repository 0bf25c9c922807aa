package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.Failure;
import dev.ambit.model.http.LocalReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say that a program can check. */
final class DocumentsTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");
  private static final Pattern READ =
      Pattern.compile(
          "\\.(?:text|path|flag|number|duration|address|choice)\\(\\s*\"([A-Z][A-Z0-9_]+)\"");
  private static final Pattern SETTING = Pattern.compile("`([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])`");
  private static final Pattern TYPE = Pattern.compile("`([A-Z][a-z][A-Za-z0-9]+)(?:\\.[A-Z_]+)?`");
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
  void failures_md_lists_every_answer_of_a_waypoint_itself() {
    String text = SourceLaws.read(Repository.root().resolve("docs/failures.md"));
    assertThat(LocalReply.values())
        .allSatisfy(reply ->
            assertThat(text)
                .contains(
                    "| %s | %d | `%s` |".formatted(reply.flag(), reply.status(), reply.name())));
  }

  @Test
  void settings_md_names_every_setting_that_is_read() {
    String text = SourceLaws.read(Repository.root().resolve("docs/settings.md"));
    assertThat(settingsRead())
        .isNotEmpty()
        .allSatisfy(name -> assertThat(text).contains("`" + name + "`"));
  }

  @Test
  void settings_md_names_no_setting_that_nobody_reads() {
    String sources =
        Stream.concat(
                Repository.productionSources().stream(),
                Stream.of(Repository.root().resolve("dist/src/main/bin/ambit")))
            .map(SourceLaws::read)
            .collect(Collectors.joining());
    String text = SourceLaws.read(Repository.root().resolve("docs/settings.md"));
    assertThat(SETTING.matcher(text).results())
        .map(match -> match.group(1))
        .isNotEmpty()
        .allSatisfy(name ->
            // Each service of the control plane has its own, put together from parts.
            assertThat(sources)
                .containsAnyOf(
                    name, name.replaceFirst("(ALT_)?(XDS|CA)_", "$1\" + service + \"_")));
  }

  private static Set<String> settingsRead() {
    Set<String> names = new TreeSet<>();
    for (Path source : Repository.productionSources()) {
      if (!source.toString().contains("/cli/")) {
        READ.matcher(SourceLaws.read(source)).results().forEach(read -> names.add(read.group(1)));
      }
    }
    names.remove("ALT_");
    return names;
  }

  @Test
  void architecture_md_names_types_that_exist() {
    String text = SourceLaws.read(Repository.root().resolve("docs/architecture.md"));
    Set<String> types =
        Repository.sources().stream()
            .map(file -> file.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toSet());
    assertThat(TYPE.matcher(text).results())
        .map(match -> match.group(1))
        .isNotEmpty()
        .allSatisfy(name -> assertThat(types).contains(name));
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
