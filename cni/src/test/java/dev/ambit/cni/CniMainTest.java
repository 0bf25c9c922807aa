package dev.ambit.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as a process: its exit codes and signals. */
class CniMainTest {
  private static final int DEADLINE_SECONDS = 30;

  @TempDir Path folder;
  private Process process;

  @AfterEach
  void end() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Test
  void bad_settings_are_all_named_and_end_it_with_64() throws Exception {
    start(Map.of("AMBIT_ON_STOP", "maybe"));

    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(exit()).isEqualTo(64);
    assertThat(said).contains("NODE_NAME", "AMBIT_MANIFESTS", "AMBIT_FACTS", "AMBIT_ON_STOP");
  }

  @Test
  void a_missing_folder_ends_it_with_1_and_a_sentence() throws Exception {
    start(settings(folder.resolve("nowhere")));

    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(exit()).isEqualTo(1);
    assertThat(said).contains("ambit cni:", "nowhere");
  }

  @Test
  void sigterm_ends_it_gracefully_with_0() throws Exception {
    Files.createDirectories(folder.resolve("manifests"));
    start(settings(folder.resolve("manifests")));
    StringBuilder said = new StringBuilder();
    var lines = process.inputReader();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      said.append(line).append('\n');
      if (line.contains("agent started")) {
        process.toHandle().destroy();
      }
    }

    assertThat(exit()).as(said.toString()).isZero();
    assertThat(said.toString()).contains("agent ended");
  }

  private Map<String, String> settings(Path manifests) {
    return Map.of(
        "NODE_NAME",
        "node-a",
        "AMBIT_MANIFESTS",
        manifests.toString(),
        "AMBIT_FACTS",
        folder.resolve("facts").toString(),
        "ZTUNNEL_UDS_ADDRESS",
        folder.resolve("zds.sock").toString());
  }

  private void start(Map<String, String> environment) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                CniMain.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
  }

  private int exit() throws InterruptedException {
    assertThat(process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
