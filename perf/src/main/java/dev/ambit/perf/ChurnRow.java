package dev.ambit.perf;

import java.time.Duration;
import java.util.Map;

/** B4: a new connection for one byte there and back, over a warm tunnel; all on one vCPU. */
final class ChurnRow {
  static final String ID = "B4";
  private static final int CONNECTIONS = 6_000;

  private final Bench bench;
  private final Map<String, Commands.Background> echoes;

  /**
   * @param echoes the echo server of each server pod's namespace
   */
  ChurnRow(Bench bench, Map<String, Commands.Background> echoes) {
    this.bench = bench;
    this.echoes = echoes;
  }

  void measure() {
    bench.rounds(ID, this::measure);
  }

  private void measure(Candidate candidate) {
    Commands.Background echo = echoes.get(candidate.server().namespace());
    if (echo == null) {
      throw new IllegalStateException("no echo server in " + candidate.server().namespace());
    }
    bench.pinned(
        candidate,
        echo,
        () -> {
          measure(candidate, 1, "1 caller");
          measure(candidate, 16, "16 callers");
        });
  }

  private void measure(Candidate candidate, int callers, String name) {
    double before = Accounts.cpuSeconds(candidate.pids());
    String output = churn(candidate, callers, CONNECTIONS);
    double used = Accounts.cpuSeconds(candidate.pids()) - before;
    Board board = bench.board();
    if (!candidate.pids().isEmpty()) {
      board.add(ID, name + ", pair CPU", "µs/conn", candidate, used * 1e6 / CONNECTIONS);
    }
    double seconds = Tools.number(output, "seconds");
    board.add(ID, name + ", rate", "conn/s", candidate, CONNECTIONS / seconds);
    board.add(ID, name + ", first byte p50", "µs", candidate, Tools.number(output, "p50"));
    board.add(ID, name + ", first byte p99", "µs", candidate, Tools.number(output, "p99"));
  }

  /** Makes {@code connections} connections, {@code callers} at a time. */
  String churn(Candidate candidate, int callers, int connections) {
    return bench.pinnedLoad(
        candidate,
        Duration.ofSeconds(120),
        bench
            .tools()
            .command(
                "churn",
                candidate.dial(Bench.ECHO),
                Integer.toString(callers),
                Integer.toString(connections)));
  }
}
