package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The load programs in C, compiled for this run. */
final class Tools {
  private static final List<String> PROGRAMS =
      List.of("relay", "echo", "pingpong", "churn", "hold", "await");

  private final Path folder;

  private Tools(Path folder) {
    this.folder = folder;
  }

  static Tools compile(Commands commands, Path sources, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String program : PROGRAMS) {
      commands.run(
          Duration.ofSeconds(60),
          List.of(
              "gcc",
              "-O2",
              "-o",
              folder.resolve(program).toString(),
              sources.resolve(program + ".c").toString()));
    }
    return new Tools(folder);
  }

  List<String> command(String program, String... arguments) {
    return Stream.concat(Stream.of(folder.resolve(program).toString()), Stream.of(arguments))
        .toList();
  }

  /** The number behind {@code key} in what a tool printed. */
  static double number(String output, String key) {
    Matcher matcher =
        Pattern.compile("\"" + Pattern.quote(key) + "\":\\s*([-+0-9.eE]+)").matcher(output);
    if (!matcher.find()) {
      throw new Commands.Failed("a figure: got " + output.strip() + ", expected " + key);
    }
    return Double.parseDouble(matcher.group(1));
  }
}
