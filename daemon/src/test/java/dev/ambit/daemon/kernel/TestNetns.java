package dev.ambit.daemon.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Network namespaces of a test, gone after it. */
final class TestNetns implements BeforeEachCallback, AfterEachCallback {
  private final List<String> names = new ArrayList<>();

  @Override
  public void beforeEach(ExtensionContext context) {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "SKIPPED: needs root to make network namespaces");
  }

  /** A new one with its loopback up. */
  Netns make() throws Exception {
    String name = "ambit-kernel-test-" + ProcessHandle.current().pid() + "-" + names.size();
    ip("netns", "add", name);
    names.add(name);
    ip("-n", name, "link", "set", "lo", "up");
    return Netns.open(path(names.size() - 1));
  }

  Path path(int index) {
    return Path.of("/run/netns", names.get(index));
  }

  private static void ip(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(command + ": " + output).isZero();
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (String name : names) {
      ip("netns", "del", name);
    }
    names.clear();
  }
}
