package dev.ambit.ztunnel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.kernel.Kernel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process: exit codes and signals. */
final class ZtunnelMainTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private Process process;

  @AfterEach
  void stop() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  private void start(String program, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                // A shell's background job, as a CI may be, hands down an ignored SIGINT.
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dio.netty.machineId=02:00:00:00:00:01:00:01",
                "-cp",
                System.getProperty("java.class.path"),
                program));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("out").toFile());
    process = builder.start();
  }

  private String output() throws IOException {
    return Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
  }

  private int exit() throws Exception {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("ended").isTrue();
    return process.exitValue();
  }

  private void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  private void printed(String text) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!output().contains(text)) {
      assertThat(process.isAlive() && System.nanoTime() < deadline)
          .as("%s expected in: %s", text, output())
          .isTrue();
      new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
    }
  }

  private Map<String, String> environment() {
    return Map.of(
        "NODE_NAME", "node-a",
        "XDS_ADDRESS", "https://127.0.0.1:1",
        "CA_ADDRESS", "https://127.0.0.1:1",
        "INPOD_UDS", folder.resolve("zds").toString(),
        "AMBIT_ADMIN_SOCKET", folder.resolve("admin").toString(),
        "AMBIT_ADMIN_PORT", "0",
        "AMBIT_STATS_PORT", "0",
        "AMBIT_READINESS_PORT", "0",
        "AUTH_TOKEN", "secret-token");
  }

  @Test
  void bad_settings_are_all_listed_and_give_64() throws Exception {
    start(
        ZtunnelMain.class.getName(),
        Map.of("NODE_NAME", "", "SECRET_TTL", "soon"),
        "--no-such-thing",
        "x");
    assertThat(exit()).isEqualTo(64);
    assertThat(output()).contains("NODE_NAME", "SECRET_TTL: got soon", "--no-such-thing");
  }

  @Test
  void sigterm_ends_it_with_0_and_no_secret_is_printed() throws Exception {
    start(ZtunnelMain.class.getName(), environment());
    printed("ztunnel started");
    signal("TERM");
    assertThat(exit()).isZero();
    assertThat(output())
        .contains("ztunnel ended")
        .contains("AUTH_TOKEN=\"literal\"")
        .doesNotContain("secret-token");
  }

  @Test
  @DisplayName("ztunnel-observability 18: quitquitquit ends the process with 0")
  void quitquitquit_ends_it_with_0() throws Exception {
    start(ZtunnelMain.class.getName(), environment());
    printed("ztunnel started");
    byte[] answer =
        AdminClient.post(folder.resolve("admin"), "/quitquitquit", Duration.ofSeconds(5));
    assertThat(new String(answer, StandardCharsets.UTF_8)).isEqualTo("shutdown now\n");
    assertThat(exit()).isZero();
  }

  /** A program whose graceful end never comes. */
  static final class Endless {
    private Endless() {}

    public static void main(String[] args) throws Exception {
      CountDownLatch never = new CountDownLatch(1);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                Kernel.endAtSignals();
                System.out.println("ending");
                try {
                  never.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }));
      System.out.println("running");
      never.await();
    }
  }

  @Test
  @DisplayName("ztunnel-observability 21: a second SIGINT ends the process at once")
  void a_second_signal_does_not_wait() throws Exception {
    start(Endless.class.getName(), Map.of());
    printed("running");
    signal("INT");
    printed("ending");
    signal("INT");
    assertThat(exit()).isEqualTo(130);
  }
}
