package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What wrk and h2load found out. */
final class HttpLoad {
  private static final Duration SLACK = Duration.ofSeconds(30);

  private HttpLoad() {}

  /**
   * @param requests answered, all with 200
   * @param p50 in µs
   * @param p99 in µs
   */
  record Answers(long requests, double seconds, double p50, double p99) {
    double rate() {
      return requests / seconds;
    }
  }

  /** HTTP/1.1 as fast as {@code connections} allow, each with one request at a time. */
  static Answers closedLoop(
      Commands commands, HttpPath path, int connections, int seconds, boolean pinned) {
    List<String> command =
        List.of(
            "wrk",
            "--latency",
            "-t1",
            "-c" + connections,
            "-d" + seconds + "s",
            path.urls().h1() + WaypointManifests.PATH);
    String output = commands.run(SLACK.plusSeconds(seconds), in(path, command, pinned));
    if (output.contains("Non-2xx") || output.contains("Socket errors")) {
      throw new Commands.Failed("wrk: " + output.strip());
    }
    Matcher total = find("(\\d+) requests in ([0-9.]+)(ms|s|m)", output);
    return new Answers(
        Long.parseLong(total.group(1)),
        micros(total.group(2), total.group(3)) / 1e6,
        percentile(output, "50%"),
        percentile(output, "99%"));
  }

  private static double percentile(String output, String name) {
    Matcher line = find("\\Q" + name + "\\E\\s+([0-9.]+)(us|ms|s|m)", output);
    return micros(line.group(1), line.group(2));
  }

  private static double micros(String number, String unit) {
    double value = Double.parseDouble(number);
    return switch (unit) {
      case "us" -> value;
      case "ms" -> value * 1e3;
      case "s" -> value * 1e6;
      default -> value * 60e6;
    };
  }

  /** HTTP/1.1 at {@code rate} a second in all, spread evenly over the connections. */
  static Answers fixedRate(
      Commands commands, HttpPath path, int connections, int rate, int seconds) {
    return h2load(
        commands,
        path,
        seconds,
        "--h1",
        "-c" + connections,
        // One connection after another, so that they do not all ask at once.
        "-r1",
        "--rate-period=" + Math.max(1, 1000 / rate) + "ms",
        "--rps=" + String.format(Locale.ROOT, "%.3f", (double) rate / connections),
        "-n" + rate * seconds,
        path.urls().h1() + WaypointManifests.PATH);
  }

  /** HTTP/2 as fast as it goes, {@code streams} at a time on each connection. */
  static Answers multiplexed(
      Commands commands, HttpPath path, int connections, int streams, int requests) {
    return h2load(
        commands,
        path,
        60,
        "-c" + connections,
        "-m" + streams,
        "-n" + requests,
        path.urls().h2() + WaypointManifests.PATH);
  }

  private static Answers h2load(
      Commands commands, HttpPath path, int seconds, String... arguments) {
    Path log = file();
    try {
      List<String> command =
          Stream.concat(Stream.of("h2load", "--log-file=" + log), Arrays.stream(arguments))
              .toList();
      String output = commands.run(SLACK.plusSeconds(seconds), in(path, command, false));
      Matcher took = find("finished in ([0-9.]+)(us|ms|s|m),", output);
      Matcher done = find("(\\d+) succeeded, (\\d+) failed, (\\d+) errored", output);
      if (!done.group(2).equals("0") || !done.group(3).equals("0")) {
        throw new Commands.Failed("h2load: " + output.strip());
      }
      double[] times = times(log);
      return new Answers(
          times.length,
          micros(took.group(1), took.group(2)) / 1e6,
          times[times.length / 2],
          times[(int) (times.length * 0.99)]);
    } finally {
      delete(log);
    }
  }

  /** Each request's microseconds, sorted. */
  private static double[] times(Path log) {
    try (Stream<String> lines = Files.lines(log)) {
      double[] times =
          lines
              .map(line -> line.split("\t"))
              .filter(fields -> fields[1].equals("200"))
              .mapToDouble(fields -> Double.parseDouble(fields[2]))
              .sorted()
              .toArray();
      if (times.length == 0) {
        throw new Commands.Failed("h2load: no answer with 200");
      }
      return times;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> in(HttpPath path, List<String> command, boolean pinned) {
    List<String> placed =
        pinned
            ? Stream.concat(Stream.of("taskset", "-c", "0"), command.stream()).toList()
            : command;
    return TwoNodes.in(path.client().namespace(), placed);
  }

  private static Matcher find(String pattern, String output) {
    Matcher matcher = Pattern.compile(pattern).matcher(output);
    if (!matcher.find()) {
      throw new Commands.Failed(
          "a load's figures: got " + output.strip() + ", expected " + pattern);
    }
    return matcher;
  }

  private static Path file() {
    try {
      return Files.createTempFile("ambit-bench", ".tsv");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
