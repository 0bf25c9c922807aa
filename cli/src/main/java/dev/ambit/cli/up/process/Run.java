package dev.ambit.cli.up.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A program run to its end, its output collected. Blocks the calling thread; a program that passes
 * its deadline is killed and counts as failed. Immutable.
 */
public record Run(List<String> command, String input, Duration deadline) {
  private static final Duration USUAL_DEADLINE = Duration.ofSeconds(10);

  public Run {
    command = List.copyOf(command);
  }

  public static Run of(String... command) {
    return new Run(List.of(command), "", USUAL_DEADLINE);
  }

  public static Run of(List<String> command) {
    return new Run(command, "", USUAL_DEADLINE);
  }

  /** The same program inside a network namespace of {@code /run/netns}. */
  public Run inNamespace(String name) {
    return prefixed(List.of("nsenter", "--net=/run/netns/" + name));
  }

  public Run prefixed(List<String> prefix) {
    var all = new ArrayList<>(prefix);
    all.addAll(command);
    return new Run(all, input, deadline);
  }

  public Run input(String text) {
    return new Run(command, text, deadline);
  }

  public Run within(Duration time) {
    return new Run(command, input, time);
  }

  /** Runs it, and throws with what it said when it does not end with 0. */
  public String must() {
    Outcome outcome = go();
    if (!outcome.ok()) {
      throw new IllegalStateException(
          String.join(" ", command)
              + ": got exit "
              + outcome.exit()
              + " saying '"
              + (outcome.err() + outcome.out()).strip()
              + "', expected 0");
    }
    return outcome.out();
  }

  /** Runs it. */
  public Outcome go() {
    try {
      Process process = new ProcessBuilder(command).start();
      var out = collect(process.getInputStream());
      var err = collect(process.getErrorStream());
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // The program ended without reading its input: its exit code says what happened.
      }
      boolean ended = process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      String note = ended ? "" : " (killed after " + deadline.toMillis() + " ms)";
      return new Outcome(ended ? process.exitValue() : -1, out.join(), err.join() + note);
    } catch (IOException e) {
      return new Outcome(127, "", String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(-1, "", "interrupted");
    }
  }

  private static CompletableFuture<String> collect(java.io.InputStream stream) {
    var text = new CompletableFuture<String>();
    Thread.startVirtualThread(() -> {
      try (stream) {
        text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException | UncheckedIOException e) {
        text.complete("");
      }
    });
    return text;
  }

  /** How it ended. {@code exit} is -1 when it was killed, 127 when it could not be started. */
  public record Outcome(int exit, String out, String err) {
    public boolean ok() {
      return exit == 0;
    }
  }
}
