package dev.ambit.daemon.follow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The look without events, as on file systems that send none. */
class FolderFilesTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;
  private Instant now = START;
  private FolderFiles files;

  @BeforeEach
  void open() throws Exception {
    files = new FolderFiles(folder, name -> name.endsWith(".yaml"), () -> now);
    write("a.yaml", "one");
    assertThat(files.all().read()).containsOnlyKeys("a.yaml");
  }

  private void write(String name, String text) throws Exception {
    Files.writeString(folder.resolve(name), text);
    Files.setLastModifiedTime(folder.resolve(name), FileTime.from(now));
  }

  @Test
  void a_change_is_read_when_the_file_rests() throws Exception {
    now = START.plusSeconds(10);
    write("a.yaml", "two");
    write("b.yaml", "new");
    assertThat(files.rested().isEmpty()).isTrue();

    now = now.plus(Duration.ofMillis(1001));
    assertThat(files.rested().read()).containsOnlyKeys("a.yaml", "b.yaml");
    assertThat(files.rested().isEmpty()).isTrue();
  }

  @Test
  void a_finished_file_is_read_at_once() throws Exception {
    write("a.yaml", "two");
    assertThat(files.only(Set.of("a.yaml", "b.txt")).read()).containsOnlyKeys("a.yaml");
  }

  @Test
  void removed_files_are_noticed_by_either_look() throws Exception {
    write("b.yaml", "x");
    files.all();
    Files.delete(folder.resolve("a.yaml"));
    Files.delete(folder.resolve("b.yaml"));
    assertThat(files.only(Set.of("b.yaml")).removed()).containsExactly("b.yaml");
    assertThat(files.rested().removed()).containsExactly("a.yaml");
  }

  @Test
  void what_cannot_be_read_says_so_and_can_be_removed() throws Exception {
    Files.createSymbolicLink(folder.resolve("loop.yaml"), Path.of("loop.yaml"));
    assertThat(files.all().read().get("loop.yaml").unreadable()).contains("loop.yaml");
    Files.delete(folder.resolve("loop.yaml"));
    assertThat(files.rested().removed()).containsExactly("loop.yaml");
  }
}
