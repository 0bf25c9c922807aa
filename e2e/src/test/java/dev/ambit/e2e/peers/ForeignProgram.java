package dev.ambit.e2e.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A program of others, started by a test and ended by closing it. */
final class ForeignProgram implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Process process;
  private final Path output;

  private ForeignProgram(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Skips the test, loudly, when {@code program} is not there. */
  static void require(Path program, String source) {
    Assumptions.assumeTrue(
        Files.isExecutable(program),
        () ->
            "SKIPPED: needs " + program.getFileName() + " (" + source + "); ./dev test brings it");
  }

  /** A program of the system, wherever it is. */
  static Path ofSystem(String name, String source) {
    Path found =
        java.util.stream.Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(Path.of("/usr/bin", name));
    require(found, source);
    return found;
  }

  /** Starts a program that stays; what it prints goes to a file beside {@code work}. */
  static ForeignProgram start(Path work, List<String> command) {
    try {
      Path output = Files.createTempFile(work, Path.of(command.getFirst()).getFileName() + "-", "");
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      process.getOutputStream().close();
      return new ForeignProgram(process, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a program to its end; a deadline passed is an error of the test. */
  static String run(Path work, Duration deadline, List<String> command) {
    try (ForeignProgram program = start(work, command)) {
      if (!program.process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            "no end within " + deadline + ": " + command + "\n" + program.output());
      }
      return program.output();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What it printed so far, standard output and error; openssl prints bytes as they come. */
  String output() {
    try {
      return Files.readString(output, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it has printed {@code text}. */
  ForeignProgram saying(String text) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!output().contains(text)) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
          close();
          throw new AssertionError("did not say \"" + text + "\": " + output());
        }
      }
      return this;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A port of the loopback interface that nobody uses now. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
