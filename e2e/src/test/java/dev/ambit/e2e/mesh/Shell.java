package dev.ambit.e2e.mesh;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs commands, in a network namespace or here. */
public final class Shell {
  private static final int DEADLINE_SECONDS = 30;

  private Shell() {}

  /** What came out, and the exit status. */
  public record Result(int exit, String output) {}

  /** Runs a script with {@code sh -eu}; throws with its output when it fails. */
  static void script(String text) throws IOException {
    Result result = run(List.of("sh", "-eu"), text);
    if (result.exit() != 0) {
      throw new IOException(
          "script failed (" + result.exit() + "): " + result.output() + "\n" + text);
    }
  }

  /** As {@link #script}, inside. */
  static void script(String namespace, String text) throws IOException {
    Result result = run(List.of("nsenter", "--net=/run/netns/" + namespace, "sh", "-eu"), text);
    if (result.exit() != 0) {
      throw new IOException(
          "script failed (" + result.exit() + "): " + result.output() + "\n" + text);
    }
  }

  /** Runs a command inside, whatever its exit status. */
  static Result in(String namespace, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + namespace));
    all.addAll(List.of(command));
    return run(all, "");
  }

  private static Result run(List<String> command, String input) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended early; its output says why.
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + ": no end");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return new Result(process.exitValue(), output.strip());
  }
}
