package dev.ambit.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineFileTest {
  @Test
  void lines_are_appended(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("lines");
    Files.writeString(file, "before\n");
    LineFile lines = LineFile.open(file.toString());
    for (int i = 0; i < 1000; i++) {
      lines.add("line " + i);
    }
    lines.flush(Duration.ofSeconds(10));

    assertThat(Files.readAllLines(file)).hasSize(1001).startsWith("before", "line 0");
    assertThat(lines.dropped()).isZero();
  }

  @Test
  void a_file_that_cannot_be_is_said(@TempDir Path folder) {
    assertThatThrownBy(() -> LineFile.open(folder.resolve("no/where").toString()))
        .isInstanceOf(IOException.class);
  }
}
