package dev.ambit.cli.up.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SupervisedTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private final BlockingQueue<String> news = new LinkedBlockingQueue<>();

  @Test
  @DisplayName("a killed program comes back as another process, and its end is told")
  void comesBack() throws Exception {
    try (Supervised program = sleeper()) {
      long first = program.awaitRunning(LIMIT).orElseThrow().pid();
      program.kill();
      assertThat(news.poll(10, TimeUnit.SECONDS)).contains("sleeper ended with 137");
      long second =
          Await.value(
                  LIMIT, () -> program.running().map(ProcessHandle::pid).filter(p -> p != first))
              .orElseThrow();
      assertThat(second).isNotEqualTo(first);
      assertThat(program.restarts()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("a held program stays down until it is released")
  void held() {
    try (Supervised program = sleeper()) {
      program.awaitRunning(LIMIT).orElseThrow();
      program.hold();
      assertThat(program.running()).isEmpty();
      program.release();
      assertThat(program.awaitRunning(LIMIT)).isPresent();
    }
    assertThat(news).isEmpty();
  }

  @Test
  @DisplayName("a closed program ends and does not come back")
  void closed() throws Exception {
    Supervised program = sleeper();
    program.awaitRunning(LIMIT).orElseThrow();
    program.close();
    assertThat(program.awaitEnd(LIMIT)).isTrue();
    assertThat(news).isEmpty();
  }

  @Test
  @DisplayName("output goes to the log, and the environment is exactly what was said")
  void output() {
    Path log = folder.resolve("log");
    var launch = new Launch("env", List.of("/usr/bin/env"), Map.of("ONLY", "this"), log);
    try (Supervised program = Supervised.start(launch, news::add)) {
      assertThat(Await.until(LIMIT, () -> Files.readString(log).startsWith("ONLY=this\n")))
          .isTrue();
      assertThat(program.launch().name()).isEqualTo("env");
    }
  }

  @Test
  @DisplayName("a program that cannot be started is told and tried again")
  void cannotStart() throws Exception {
    var launch = new Launch("ghost", List.of("/no/such/program"), Map.of(), folder.resolve("log"));
    try (Supervised program = Supervised.start(launch, news::add)) {
      assertThat(news.poll(10, TimeUnit.SECONDS)).contains("ghost cannot be started");
      assertThat(news.poll(10, TimeUnit.SECONDS)).contains("ghost cannot be started");
      assertThat(program.running()).isEmpty();
    }
  }

  private Supervised sleeper() {
    return Supervised.start(
        new Launch(
            "sleeper",
            List.of("sleep", "600"),
            Map.of("PATH", "/bin:/usr/bin"),
            folder.resolve("log")),
        news::add);
  }
}
