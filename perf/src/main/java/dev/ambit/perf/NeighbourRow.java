package dev.ambit.perf;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** B12: small requests beside a reader that takes 1 MB/s of a file of 200 MB on the same tunnel. */
final class NeighbourRow {
  static final String ID = "B12";
  private static final int RATE = 50;
  private static final Duration UNTIL_FULL = Duration.ofSeconds(3);

  private final Bench bench;
  private final List<HttpPath> paths;

  NeighbourRow(Bench bench, List<HttpPath> paths) {
    this.bench = bench;
    this.paths = paths;
  }

  void measure() {
    bench.rounds(ID, List.copyOf(paths), candidate -> measure((HttpPath) candidate));
  }

  private void measure(HttpPath path) {
    Board board = bench.board();
    small(path, "alone");
    double before = Accounts.memory(path.pids());
    List<String> slow =
        Stream.of(
                "curl",
                "-sSf",
                "-o/dev/null",
                "--limit-rate",
                "1M",
                path.urls().h1() + WaypointManifests.BIG)
            .toList();
    try (Commands.Background reader =
        bench.commands().start(TwoNodes.in(path.client().namespace(), slow), Map.of())) {
      IdleRow.pause(UNTIL_FULL);
      small(path, "beside the slow reader");
      if (!reader.running()) {
        throw new Commands.Failed("the slow reader ended: " + reader.lastWords());
      }
      if (!path.pids().isEmpty()) {
        double held = Accounts.memory(path.pids()) - before;
        board.add(ID, "memory it takes", "MB", path, held / 1e6);
      }
    }
  }

  private void small(HttpPath path, String when) {
    HttpLoad.Answers answers =
        HttpLoad.fixedRate(bench.commands(), path, 1, RATE, bench.options().seconds());
    bench.board().add(ID, "p50 " + when, "µs", path, answers.p50());
    bench.board().add(ID, "p99 " + when, "µs", path, answers.p99());
  }
}
