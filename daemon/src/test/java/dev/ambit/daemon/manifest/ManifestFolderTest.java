package dev.ambit.daemon.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.manifest.ManifestFolder.Snapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestFolderTest {
  @TempDir Path parent;
  private Path folder;
  private ManifestFolder watched;
  private final BlockingQueue<Snapshot> snapshots = new LinkedBlockingQueue<>();

  @BeforeEach
  void open() throws IOException {
    folder = Files.createDirectory(parent.resolve("manifests"));
    Files.writeString(folder.resolve("a.yaml"), accounts("a"));
    watched = ManifestFolder.open(folder, snapshots::add);
    assertThat(snapshots.poll()).satisfies(first -> assertThat(names(first)).containsExactly("a"));
  }

  @AfterEach
  void close() {
    watched.close();
  }

  private static String accounts(String... names) {
    return String.join(
        "---\n",
        Arrays.stream(names)
            .map(name -> "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + "}\n")
            .toList());
  }

  private static List<String> names(Snapshot snapshot) {
    return snapshot.objects().stream().map(object -> object.metadata().name()).toList();
  }

  private Snapshot next() throws InterruptedException {
    Snapshot next = snapshots.poll(10, TimeUnit.SECONDS);
    assertThat(next).as("no snapshot within 10 s").isNotNull();
    return next;
  }

  /** The next snapshot is the one caused by {@code marker}: nothing before it was reported. */
  private void nothingUntil(String marker) throws Exception {
    Files.writeString(folder.resolve("z-" + marker + ".yaml"), accounts(marker));
    assertThat(names(next())).contains(marker);
    assertThat(snapshots).isEmpty();
  }

  @Test
  void new_changed_and_deleted_files_are_seen() throws Exception {
    Files.writeString(folder.resolve("b.yml"), accounts("b", "c"));
    assertThat(names(next())).containsExactly("a", "b", "c");
    Files.writeString(folder.resolve("b.yml"), accounts("d"));
    assertThat(names(next())).containsExactly("a", "d");
    Files.delete(folder.resolve("a.yaml"));
    assertThat(names(next())).containsExactly("d");
  }

  @Test
  void a_change_is_seen_within_20_ms() throws Exception {
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      byte[] text = accounts("n" + i).getBytes(StandardCharsets.UTF_8);
      long began = System.nanoTime();
      Files.write(folder.resolve("b.yaml"), text);
      assertThat(names(next())).contains("n" + i);
      best = Math.min(best, System.nanoTime() - began);
    }
    assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(20));
  }

  @Test
  void a_file_that_replaces_another_is_seen() throws Exception {
    Path fresh = folder.resolve(".a.yaml.tmp");
    Files.writeString(fresh, accounts("x"));
    Files.move(fresh, folder.resolve("a.yaml"), StandardCopyOption.ATOMIC_MOVE);

    assertThat(names(next())).containsExactly("x");
    Files.move(folder.resolve("a.yaml"), folder.resolve("a.yaml.bak"));
    assertThat(names(next())).isEmpty();
    Files.move(folder.resolve("a.yaml.bak"), folder.resolve("b.yaml"));
    assertThat(names(next())).containsExactly("x");
  }

  @Test
  void a_file_is_read_only_when_it_is_complete() throws Exception {
    String text = accounts("a", "b");
    try (OutputStream out = Files.newOutputStream(folder.resolve("a.yaml"))) {
      out.write(text.substring(0, text.length() / 2).getBytes(StandardCharsets.UTF_8));
      out.flush();
      nothingUntil("marker");
      out.write(text.substring(text.length() / 2).getBytes(StandardCharsets.UTF_8));
    }
    assertThat(names(next())).containsExactly("a", "b", "marker");
  }

  @Test
  void editors_files_are_passed_over() throws Exception {
    for (String name :
        List.of(".a.yaml.swp", "a.yaml~", "#a.yaml#", ".#a.yaml", "4913", "a.yaml.tmp", "a.json")) {
      Files.writeString(folder.resolve(name), accounts("wrong"));
    }
    Files.createDirectory(folder.resolve("folder.yaml"));
    nothingUntil("marker");
  }

  @Test
  void what_changes_nothing_is_not_reported() throws Exception {
    Files.writeString(folder.resolve("a.yaml"), accounts("a"));
    nothingUntil("marker");
  }

  @Test
  void a_burst_becomes_one_snapshot() throws Exception {
    Path elsewhere = Files.createDirectory(parent.resolve("fresh"));
    for (int i = 0; i < 50; i++) {
      Files.writeString(elsewhere.resolve("b" + i + ".yaml"), accounts("b" + i));
    }
    for (int i = 0; i < 50; i++) {
      Files.move(elsewhere.resolve("b" + i + ".yaml"), folder.resolve("b" + i + ".yaml"));
    }
    int count = 0;
    while (names(next()).size() < 51) {
      count++;
    }
    assertThat(count).isLessThan(10);
  }

  @Test
  void a_broken_file_keeps_its_objects_and_is_named() throws Exception {
    Files.writeString(folder.resolve("a.yaml"), "kind: [");
    Snapshot broken = next();
    assertThat(names(broken)).containsExactly("a");
    assertThat(broken.problems())
        .singleElement()
        .matches(problem -> problem.file().equals("a.yaml"));

    Files.delete(folder.resolve("a.yaml"));
    Snapshot gone = next();
    assertThat(gone.objects()).isEmpty();
    assertThat(gone.problems()).isEmpty();
  }

  @Test
  void a_file_that_is_too_large_keeps_its_objects_and_is_named() throws Exception {
    try (OutputStream out = Files.newOutputStream(folder.resolve("a.yaml"))) {
      byte[] megabyte = "#".repeat(1024 * 1024).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 17; i++) {
        out.write(megabyte);
      }
    }
    Snapshot large = next();
    assertThat(names(large)).containsExactly("a");
    assertThat(large.problems())
        .map(ManifestProblem::toString)
        .containsExactly(
            "a.yaml:0: : got more than 16777216 bytes, expected a file of at most 16 MiB");
  }

  @Test
  void links_are_followed_as_a_mounted_configmap_has_them() throws Exception {
    Path one = Files.createDirectory(folder.resolve("..1"));
    Files.writeString(one.resolve("linked.yaml"), accounts("one"));
    Path two = Files.createDirectory(folder.resolve("..2"));
    Files.writeString(two.resolve("linked.yaml"), accounts("two"));
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
    Files.createSymbolicLink(folder.resolve("linked.yaml"), Path.of("..data/linked.yaml"));
    assertThat(names(next())).containsExactly("a", "one");

    Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2"));
    Files.move(
        folder.resolve("..data_tmp"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    assertThat(names(next())).containsExactly("a", "two");
  }

  @Test
  void a_missing_folder_is_named_at_the_start() {
    assertThatThrownBy(() -> ManifestFolder.open(parent.resolve("none"), snapshots::add))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(parent.resolve("none") + ": got nothing, expected a folder");
    assertThatThrownBy(() -> ManifestFolder.open(folder.resolve("a.yaml"), snapshots::add))
        .hasMessageContaining("got something else, expected a folder");
  }

  @Test
  void a_folder_that_disappears_keeps_its_objects_until_it_is_back() throws Exception {
    Path aside = parent.resolve("aside");
    Files.move(folder, aside);
    Snapshot gone = next();
    assertThat(names(gone)).containsExactly("a");
    assertThat(gone.problems())
        .map(ManifestProblem::toString)
        .containsExactly(
            folder + ":0: : got no folder any more, expected a folder; its last state counts");

    Files.createDirectory(folder);
    Files.writeString(folder.resolve("b.yaml"), accounts("b"));
    Snapshot back = next();
    while (!names(back).equals(List.of("b"))) {
      back = next();
    }
    assertThat(back.problems()).isEmpty();
    Files.writeString(folder.resolve("c.yaml"), accounts("c"));
    assertThat(names(next())).containsExactly("b", "c");
  }

  @Test
  void after_close_nothing_is_reported() throws Exception {
    watched.close();
    Files.writeString(folder.resolve("b.yaml"), accounts("b"));
    ManifestFolder.open(folder, snapshots::add).close();
    assertThat(names(next())).containsExactly("a", "b");
    assertThat(snapshots).isEmpty();
  }
}
