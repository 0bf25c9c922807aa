package dev.ambit.perf;

import java.util.List;

/** B11: a kilobyte by HTTP through a waypoint with a hundred routes. */
final class WaypointRow {
  static final String ID = "B11";
  private static final int CONNECTIONS = 16;
  private static final int RATE = 1_000;
  private static final int STREAMS = 8;
  private static final int H2_CONNECTIONS = 4;
  private static final int H2_REQUESTS_A_SECOND = 8_000;

  private final Bench bench;
  private final List<HttpPath> paths;

  WaypointRow(Bench bench, List<HttpPath> paths) {
    this.bench = bench;
    this.paths = paths;
  }

  /** Lets the JVMs compile what the measurements will use: all kinds of load, the slow one last. */
  private void warmUp(HttpPath path) {
    boolean waypoint = path.name().equals(WaypointSite.AMBIT);
    HttpLoad.closedLoop(bench.commands(), path, CONNECTIONS, waypoint ? 15 : 4, false);
    HttpLoad.multiplexed(
        bench.commands(), path, H2_CONNECTIONS, STREAMS, waypoint ? 120_000 : 20_000);
    HttpLoad.fixedRate(bench.commands(), path, CONNECTIONS, RATE, waypoint ? 10 : 2);
    HttpLoad.closedLoop(bench.commands(), path, 1, waypoint ? 5 : 2, false);
  }

  /** Takes the memory of what has just started, then warms the JVMs up. */
  void prepare() {
    for (HttpPath path : paths) {
      memory(path, "started");
    }
    for (HttpPath path : paths) {
      if (path.compiles()) {
        Progress.say("warming up " + path.name());
        bench.attempt("warm-up", path, unused -> warmUp(path));
      }
    }
  }

  void measure() {
    bench.rounds(ID, List.copyOf(paths), candidate -> measure((HttpPath) candidate));
    for (HttpPath path : paths) {
      memory(path, "after the load");
    }
    for (String load : List.of("pinned", "1,000/s on 16")) {
      for (String figure : List.of("p50", "p99")) {
        alone(load, figure);
      }
    }
  }

  private void measure(HttpPath path) {
    int seconds = bench.options().seconds();
    bench.pinned(
        path.all(),
        () ->
            took(
                path,
                "pinned",
                () -> HttpLoad.closedLoop(bench.commands(), path, 1, seconds, true)));
    took(
        path,
        "1,000/s on 16",
        () -> HttpLoad.fixedRate(bench.commands(), path, CONNECTIONS, RATE, seconds));
    took(
        path,
        "full on 16",
        () -> HttpLoad.closedLoop(bench.commands(), path, CONNECTIONS, seconds, false));
    took(
        path,
        "HTTP/2 full on 4 × 8",
        () ->
            HttpLoad.multiplexed(
                bench.commands(), path, H2_CONNECTIONS, STREAMS, H2_REQUESTS_A_SECOND * seconds));
  }

  private void took(HttpPath path, String load, java.util.function.Supplier<HttpLoad.Answers> run) {
    double before = Accounts.cpuSeconds(path.pids());
    HttpLoad.Answers answers = run.get();
    double used = Accounts.cpuSeconds(path.pids()) - before;
    Board board = bench.board();
    if (!path.pids().isEmpty()) {
      if (used == 0) {
        throw new Commands.Failed("the requests did not pass " + path.name());
      }
      board.add(ID, load + ", CPU", "µs/request", path, used * 1e6 / answers.requests());
    }
    board.add(ID, load + ", p50", "µs", path, answers.p50());
    board.add(ID, load + ", p99", "µs", path, answers.p99());
    if (load.contains("full")) {
      board.add(ID, load + ", rate", "requests/s", path, answers.rate());
    }
  }

  private void memory(HttpPath path, String when) {
    if (!path.pids().isEmpty()) {
      bench.board().add(ID, "memory, " + when, "MB", path, Accounts.memory(path.pids()) / 1e6);
    }
  }

  /** What a waypoint adds to the ztunnels before and after it. */
  private void alone(String load, String figure) {
    Board board = bench.board();
    Board.Figure whole = new Board.Figure(ID, load + ", " + figure, "µs");
    board.addDifference(whole, WaypointSite.DIRECT, load + ", added " + figure);
    board
        .median(whole, WaypointSite.ZTUNNELS)
        .ifPresent(without -> {
          for (String waypoint : List.of(WaypointSite.ENVOY, WaypointSite.AMBIT)) {
            board
                .median(whole, waypoint)
                .ifPresent(with ->
                    board.add(
                        new Board.Figure(ID, load + ", hop's " + figure, "µs"),
                        waypoint,
                        with - without));
          }
        });
  }
}
