package dev.ambit.cli.enrol;

import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.FakeMesh;
import dev.ambit.cli.Terminal.Said;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EnrolCommandsTest {
  private static final String NAMESPACE =
      """
      # Where things are sold.
      kind: Namespace
      metadata:
        name: shop # ours
      """;
  private static final String LABELLED =
      NAMESPACE + "  labels:\n    istio.io/dataplane-mode: ambient\n";

  @TempDir private Path state;
  @TempDir private Path manifests;
  private Path file;

  @BeforeEach
  void manifests() throws IOException {
    file = Files.writeString(manifests.resolve("shop.yaml"), NAMESPACE);
    Files.writeString(
        manifests.resolve("pods.yaml"),
        """
        kind: Pod
        metadata: {name: web, namespace: shop}
        ---
        kind: Pod
        metadata: {name: late, namespace: other}
        """);
    Files.writeString(manifests.resolve("broken.yaml"), "a: [b\nc: d");
    Files.writeString(manifests.resolve("note.txt"), NAMESPACE);
  }

  /** An agent that does what the label says once it was asked {@code slowness} times. */
  private FakeMesh mesh(int slowness) throws IOException {
    AtomicInteger asked = new AtomicInteger();
    return new FakeMesh(state, manifests)
        .node(
            "node-a",
            Map.of(),
            Map.of(
                "/pods",
                FakeMesh.json(() -> {
                  boolean ambient = text().contains("ambient") && !podSaysNone();
                  boolean done = asked.incrementAndGet() > slowness;
                  String web = ambient == done ? "enabled" : "none";
                  return """
                  [{"namespace": "shop", "name": "web", "state": "%s",
                    "reason": "its namespace is labelled"},
                   {"namespace": "shop", "name": "host", "state": "none",
                    "reason": "the pod uses the network of its node (hostNetwork: true)"},
                   {"namespace": "other", "name": "late", "state": "none",
                    "reason": "neither the pod nor its namespace is labelled"}]
                  """
                      .formatted(web);
                })));
  }

  private String text() {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean podSaysNone() {
    try {
      return Files.readString(manifests.resolve("pods.yaml")).contains("dataplane-mode: none");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Said ambit(String... words) {
    String[] all = java.util.Arrays.copyOf(words, words.length + 2);
    all[words.length] = "--state";
    all[words.length + 1] = state.toString();
    return run(all);
  }

  @Test
  void labels_a_namespace_and_waits_for_its_pods() throws Exception {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    try (FakeMesh _ = mesh(3)) {
      Said said = ambit("namespace", "enrol", "shop");
      assertThat(said.out())
          .contains("namespace shop: istio.io/dataplane-mode=ambient in shop.yaml")
          .containsPattern("shop/web +enabled")
          .containsPattern("shop/host +none: the pod uses the network of its node")
          .containsPattern("1 of 2 pods captured after \\d+ ms")
          .doesNotContain("other/late");
      assertThat(said.exit()).isZero();
    }
    assertThat(text()).isEqualTo(LABELLED);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
    assertThat(manifests.toFile().list()).hasSize(4);
  }

  @Test
  void takes_the_label_away() throws Exception {
    Files.writeString(file, LABELLED);
    try (FakeMesh _ = mesh(3)) {
      Said said = ambit("ns", "remove", "shop");
      assertThat(said.out())
          .contains("istio.io/dataplane-mode removed in shop.yaml (was ambient)")
          .containsPattern("2 of 2 pods released after \\d+ ms");
      assertThat(said.exit()).isZero();
    }
    assertThat(text()).isEqualTo(NAMESPACE);
  }

  @Test
  void says_when_there_is_nothing_to_change() throws Exception {
    Files.writeString(file, LABELLED);
    assertThat(run("ns", "enrol", "shop", "-f", manifests.toString(), "--no-wait").out())
        .contains("istio.io/dataplane-mode is ambient already in shop.yaml");
    assertThat(text()).isEqualTo(LABELLED);
  }

  @Test
  void edits_a_folder_that_nobody_follows() {
    Said said = run("ns", "enrol", "shop", "-f", manifests.toString(), "--state", "/nowhere");
    assertThat(said.exit()).isZero();
    assertThat(said.out()).contains("nothing to wait for");
    assertThat(text()).isEqualTo(LABELLED);
  }

  @Test
  void labels_a_pod_none_where_its_namespace_is_in_the_mesh() throws Exception {
    Files.writeString(file, LABELLED);
    try (FakeMesh _ = mesh(0)) {
      Said said = ambit("pod", "remove", "shop/web");
      assertThat(said.out())
          .contains("pod shop/web: istio.io/dataplane-mode=none in pods.yaml")
          .contains("1 of 1 pods released");
    }
    assertThat(Files.readString(manifests.resolve("pods.yaml")))
        .contains("{name: web, labels: {istio.io/dataplane-mode: none}, namespace: shop}")
        .contains("{name: late, namespace: other}");
  }

  @Test
  void labels_a_pod_and_takes_that_away() throws Exception {
    String before = Files.readString(manifests.resolve("pods.yaml"));
    String folder = manifests.toString();
    run("pod", "enrol", "shop/web", "-f", folder, "--no-wait");
    assertThat(Files.readString(manifests.resolve("pods.yaml")))
        .contains("labels: {istio.io/dataplane-mode: ambient}");
    run("pod", "remove", "shop/web", "-f", folder, "--no-wait");
    assertThat(Files.readString(manifests.resolve("pods.yaml")))
        .isEqualTo(before.replace("name: web,", "name: web, labels: {},"));
  }

  @Test
  void explains_what_it_cannot_do() {
    String folder = manifests.toString();
    Said unknown = run("ns", "enrol", "nowhere", "-f", folder);
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.err())
        .contains("ambit namespace enrol: got no Namespace nowhere", "broken.yaml");
    assertThat(run("pod", "enrol", "web", "-f", folder).exit()).isEqualTo(2);
    assertThat(run("ns", "enrol", "shop", "-f", "/nowhere").err()).contains("got /nowhere");
    assertThat(run("ns", "enrol", "shop", "--state", "/nowhere").err()).contains("ambit up -f DIR");
  }
}
