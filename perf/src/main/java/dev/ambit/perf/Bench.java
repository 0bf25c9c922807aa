package dev.ambit.perf;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What every row works with: the candidates, their servers, and the board for its figures. */
final class Bench {
  static final int ECHO = 7000;
  static final int IPERF = 7001;

  private final Commands commands;
  private final Tools tools;
  private final Options options;
  private final List<Candidate> candidates;
  private final Board board;

  Bench(Commands commands, Tools tools, Options options, List<Candidate> candidates, Board board) {
    this.commands = commands;
    this.tools = tools;
    this.options = options;
    this.candidates = candidates;
    this.board = board;
  }

  Commands commands() {
    return commands;
  }

  Tools tools() {
    return tools;
  }

  Options options() {
    return options;
  }

  Board board() {
    return board;
  }

  List<Candidate> candidates() {
    return candidates;
  }

  /**
   * Measures every candidate once a round, in alternating order. A candidate that hangs or breaks
   * is written down as failed and left out of the rest of the row.
   */
  void rounds(String row, Consumer<Candidate> measurement) {
    rounds(row, candidates, measurement);
  }

  /** {@link #rounds(String, Consumer)} for some of the candidates. */
  void rounds(String row, List<Candidate> some, Consumer<Candidate> measurement) {
    for (int round = 0; round < options.rounds(); round++) {
      List<Candidate> order = round % 2 == 0 ? some : some.reversed();
      for (Candidate candidate : order) {
        if (!board.failed(row, candidate.name())) {
          attempt(row, candidate, measurement);
        }
      }
      Progress.say("%s: round %d of %d".formatted(row, round + 1, options.rounds()));
    }
  }

  /** Runs {@code measurement} for one candidate; a failure goes to the board. */
  void attempt(String row, Candidate candidate, Consumer<Candidate> measurement) {
    try {
      measurement.accept(candidate);
    } catch (Commands.Hung | Commands.Failed | java.io.UncheckedIOException e) {
      board.fail(row, candidate.name(), e.toString());
      Progress.say("%s: %s FAILED: %s".formatted(row, candidate.name(), e));
    }
  }

  /** Runs a load program in the candidate's client pod. */
  String load(Candidate candidate, Duration deadline, List<String> command) {
    return commands.run(deadline, TwoNodes.in(candidate.client().namespace(), command));
  }

  /** {@link #load} on vCPU 0, where {@link #pinned} has put everything else. */
  String pinnedLoad(Candidate candidate, Duration deadline, List<String> command) {
    return load(
        candidate,
        deadline,
        Stream.concat(Stream.of("taskset", "-c", "0"), command.stream()).toList());
  }

  /** Runs {@code work} with the candidate's processes and {@code server} on vCPU 0. */
  void pinned(Candidate candidate, Commands.Background server, Runnable work) {
    pinned(Stream.concat(candidate.pids().stream(), Stream.of(server.pid())).toList(), work);
  }

  /** Runs {@code work} with these processes on vCPU 0. */
  void pinned(List<Long> pids, Runnable work) {
    place(pids, "0");
    try {
      work.run();
    } finally {
      place(pids, "0-" + (Runtime.getRuntime().availableProcessors() - 1));
    }
  }

  private void place(List<Long> pids, String cpus) {
    for (long pid : pids) {
      commands.run("taskset", "-a", "-c", "-p", cpus, Long.toString(pid));
    }
  }
}
