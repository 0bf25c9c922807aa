package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs other programs, each with a deadline, and keeps what they print in a folder. */
final class Commands {
  private final Path logs;
  private final AtomicInteger started = new AtomicInteger();

  /** A program ended with another code than 0. */
  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed(String message) {
      super(message);
    }
  }

  /** A program did not end in time: a hang, which is a failed row and never a slow one. */
  static final class Hung extends RuntimeException {
    private static final long serialVersionUID = 1;

    Hung(String message) {
      super(message);
    }
  }

  Commands(Path logs) {
    this.logs = logs;
  }

  /** Runs to the end and returns standard output. */
  String run(Duration deadline, List<String> command) {
    Background program = start(command, Map.of());
    if (!program.ended(deadline)) {
      program.kill();
      throw new Hung("no end within %s: %s".formatted(deadline, String.join(" ", command)));
    }
    if (program.exitCode() != 0) {
      throw new Failed(
          "exit %d: %s: %s"
              .formatted(program.exitCode(), String.join(" ", command), program.lastWords()));
    }
    return program.output();
  }

  /** {@link #run} for a short command of the system. */
  String run(String... command) {
    return run(Duration.ofSeconds(20), List.of(command));
  }

  /** Starts a program that runs beside the others until it is closed. */
  Background start(List<String> command, Map<String, String> environment) {
    String name = "%03d-%s".formatted(started.incrementAndGet(), subject(command));
    Path out = logs.resolve(name + ".out");
    Path err = logs.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(environment);
    try {
      return new Background(name, builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String subject(List<String> command) {
    int first = command.size() > 4 && command.get(1).equals("netns") ? 4 : 0;
    return Path.of(command.get(first)).getFileName().toString();
  }

  /** A program that was started. Closing asks it to end, then makes it. */
  static final class Background implements AutoCloseable {
    private final String name;
    private final Process process;
    private final Path out;
    private final Path err;

    private Background(String name, Process process, Path out, Path err) {
      this.name = name;
      this.process = process;
      this.out = out;
      this.err = err;
    }

    long pid() {
      return process.pid();
    }

    boolean running() {
      return process.isAlive();
    }

    int exitCode() {
      return process.exitValue();
    }

    String output() {
      return read(out);
    }

    /** The end of what it printed, for a message. */
    String lastWords() {
      String all = (read(out) + read(err)).strip();
      return name + ": " + all.substring(Math.max(0, all.length() - 400));
    }

    boolean ended(Duration within) {
      try {
        return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Ends the program's standard input. */
    void endInput() {
      try {
        process.getOutputStream().close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void kill() {
      process.destroyForcibly();
      ended(Duration.ofSeconds(5));
    }

    @Override
    public void close() {
      process.destroy();
      if (!ended(Duration.ofSeconds(10))) {
        kill();
      }
    }

    private static String read(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
