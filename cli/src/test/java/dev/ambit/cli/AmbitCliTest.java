package dev.ambit.cli;

import static dev.ambit.cli.Terminal.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AmbitCliTest {
  private static final List<String> COMMANDS =
      List.of(
          "up",
          "exec",
          "workloads",
          "services",
          "policies",
          "certs",
          "connections",
          "tunnels",
          "pods",
          "why",
          "namespace",
          "pod",
          "check",
          "version",
          "completion");

  @Test
  void helps() {
    assertThat(run("--help").exit()).isZero();
    assertThat(run("--help").out()).contains(COMMANDS);
    assertThat(run().exit()).isEqualTo(2);
    assertThat(run("nonsense").exit()).isEqualTo(2);
    assertThat(run("namespace").err()).contains("expected enrol or remove");
    assertThat(run("--version").out()).startsWith("ambit ");
  }

  @Test
  void colours_only_for_people() {
    assertThat(run("--help").out()).doesNotContain("\u001b");
    assertThat(run(Map.of("AMBIT_TERMINAL", "1"), "--help").out()).contains("\u001b");
    assertThat(run(Map.of("AMBIT_TERMINAL", "1", "NO_COLOR", "1"), "--help").out())
        .doesNotContain("\u001b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bash", "zsh"})
  void completes(String shell) throws Exception {
    Terminal.Said said = run("completion", shell);
    assertThat(said.exit()).isZero();
    assertThat(said.out()).contains("complete -F _complete_ambit").contains(COMMANDS);
    Process bash = new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
    try (var script = bash.outputWriter()) {
      script.write(said.out());
    }
    assertThat(bash.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(new String(bash.getInputStream().readAllBytes())).isEmpty();
  }

  @Test
  void knows_two_shells() {
    assertThat(run("completion", "fish").exit()).isEqualTo(2);
  }

  @Test
  void has_a_version_without_a_mesh() {
    assertThat(run("version", "--client").out()).startsWith("client: ");
    assertThat(run("version", "--state", "/nowhere").out()).contains("none is running");
  }
}
