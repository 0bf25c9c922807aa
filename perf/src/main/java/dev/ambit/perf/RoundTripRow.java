package dev.ambit.perf;

import java.time.Duration;
import java.util.Map;

/** B3: 1 KiB there and back; everything on one vCPU, closed loop and at a fixed rate. */
final class RoundTripRow {
  static final String ID = "B3";
  private static final int ROUND_TRIPS = 40_000;
  private static final int OPEN_MESSAGES = 8_000;

  private final Bench bench;
  private final Map<String, Commands.Background> echoes;

  /**
   * @param echoes the echo server of each server pod's namespace
   */
  RoundTripRow(Bench bench, Map<String, Commands.Background> echoes) {
    this.bench = bench;
    this.echoes = echoes;
  }

  void measure() {
    bench.rounds(ID, this::measure);
    for (String figure : new String[] {"pinned, p50", "pinned, p99", "1,000/s on 4, p50"}) {
      bench
          .board()
          .addDifference(
              new Board.Figure(ID, figure, "µs"),
              Calibration.DIRECT,
              figure.replace(", p", ", added p"));
    }
  }

  private void measure(Candidate candidate) {
    Commands.Background echo = echoes.get(candidate.server().namespace());
    if (echo == null) {
      throw new IllegalStateException("no echo server in " + candidate.server().namespace());
    }
    bench.pinned(candidate, echo, () -> closedLoop(candidate));
    bench.pinned(candidate, echo, () -> openLoop(candidate));
  }

  private void closedLoop(Candidate candidate) {
    pingPong(candidate, 4_000);
    double before = Accounts.cpuSeconds(candidate.pids());
    String output = pingPong(candidate, ROUND_TRIPS);
    double used = Accounts.cpuSeconds(candidate.pids()) - before;
    Board board = bench.board();
    board.add(ID, "pinned, p50", "µs", candidate, Tools.number(output, "p50"));
    board.add(ID, "pinned, p99", "µs", candidate, Tools.number(output, "p99"));
    if (!candidate.pids().isEmpty()) {
      board.add(ID, "pinned, pair CPU", "µs", candidate, used * 1e6 / ROUND_TRIPS);
    }
  }

  private void openLoop(Candidate candidate) {
    double before = Accounts.cpuSeconds(candidate.pids());
    String output =
        bench.pinnedLoad(
            candidate,
            Duration.ofSeconds(60),
            bench
                .tools()
                .command(
                    "pingpong",
                    candidate.dial(Bench.ECHO),
                    "1024",
                    Integer.toString(OPEN_MESSAGES),
                    "4",
                    "1000"));
    double used = Accounts.cpuSeconds(candidate.pids()) - before;
    Board board = bench.board();
    board.add(ID, "1,000/s on 4, p50", "µs", candidate, Tools.number(output, "p50"));
    if (!candidate.pids().isEmpty()) {
      board.add(ID, "1,000/s on 4, pair CPU", "µs", candidate, used * 1e6 / OPEN_MESSAGES);
    }
  }

  String pingPong(Candidate candidate, int rounds) {
    return bench.pinnedLoad(
        candidate,
        Duration.ofSeconds(120),
        bench
            .tools()
            .command("pingpong", candidate.dial(Bench.ECHO), "1024", Integer.toString(rounds)));
  }
}
