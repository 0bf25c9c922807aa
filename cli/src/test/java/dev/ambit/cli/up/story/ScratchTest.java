package dev.ambit.cli.up.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchTest {
  private static final String NAMESPACES =
      """
      kind: Namespace
      metadata:
        name: shop
        labels:
          istio.io/dataplane-mode: ambient
      ---
      kind: Namespace
      metadata:
        name: outside
      """;

  @TempDir Path folder;

  @Test
  @DisplayName("the copy has no captured namespace until it is labelled; the original stays")
  void copyAndLabel() throws Exception {
    Path original = Files.createDirectories(folder.resolve("demo/story")).getParent();
    Files.writeString(original.resolve("namespaces.yaml"), NAMESPACES);
    Scratch scratch = Scratch.copy(original, folder.resolve("copy"));
    Path copy = folder.resolve("copy/namespaces.yaml");
    assertThat(copy).content().doesNotContain("ambient").doesNotContain("labels");
    scratch.enrol("shop");
    assertThat(copy).hasContent(NAMESPACES);
    assertThat(original.resolve("namespaces.yaml")).hasContent(NAMESPACES);
  }

  @Test
  @DisplayName("other labels stay when the capture label is taken out")
  void otherLabelsStay() {
    String yaml =
        """
        metadata:
          name: shop
          labels:
            istio.io/dataplane-mode: ambient
            team: a
        """;
    assertThat(Scratch.withoutLabel(yaml))
        .isEqualTo("metadata:\n  name: shop\n  labels:\n    team: a\n");
  }

  @Test
  @DisplayName("the story's own manifests come and go as whole files")
  void storyFiles() throws Exception {
    Path story = Files.createDirectories(folder.resolve("demo/story"));
    Files.writeString(story.resolve("deny.yaml"), "kind: AuthorizationPolicy\n");
    Scratch scratch = Scratch.copy(folder.resolve("demo"), folder.resolve("copy"));
    scratch.add("deny.yaml");
    assertThat(folder.resolve("copy/deny.yaml")).hasContent("kind: AuthorizationPolicy\n");
    scratch.remove("deny.yaml");
    assertThat(folder.resolve("copy")).isEmptyDirectory();
  }
}
