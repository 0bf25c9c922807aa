package dev.ambit.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Runs a program of the build machine to its end. */
final class Command {
  private Command() {}

  /**
   * What it said on both outputs.
   *
   * @throws IllegalStateException when it fails, with what it said
   */
  static String run(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(Map.of("LC_ALL", "C"));
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      if (code != 0) {
        throw new IllegalStateException(String.join(" ", command) + ": exit " + code + "\n" + said);
      }
      return said;
    } catch (IOException unable) {
      throw new UncheckedIOException(unable);
    } catch (InterruptedException ended) {
      throw new IllegalStateException("interrupted while waiting for " + command.getFirst(), ended);
    }
  }
}
