package dev.ambit.perf;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * B6: memory of open connections that do nothing, whether it comes back, and whether a second and a
 * third wave of them need more than the first did; one run each.
 */
final class IdleRow {
  static final String ID = "B6";
  private static final Duration SETTLE = Duration.ofSeconds(15);
  private static final Duration GIVE_BACK = Duration.ofSeconds(60);
  private static final int WAVES = 3;

  private final Bench bench;

  IdleRow(Bench bench) {
    this.bench = bench;
  }

  void measure() {
    for (Candidate candidate : bench.candidates()) {
      if (!candidate.pids().isEmpty()) {
        bench.attempt(ID, candidate, this::measure);
        Progress.say(ID + ": " + candidate.name());
      }
    }
  }

  private void measure(Candidate candidate) {
    Board board = bench.board();
    // Once before, so that loading code and growing pools is not charged to the connections.
    hold(candidate, 100).close();
    pause(SETTLE);
    double base = Accounts.memory(candidate.pids());
    board.add(ID, "pair, idle", "MB", candidate, base / 1e6);
    for (int count : List.of(1_000, 5_000)) {
      double held = heldBy(candidate, count);
      board.add(
          ID, "%,d connections".formatted(count), "bytes each", candidate, (held - base) / count);
      pause(SETTLE);
    }
    pause(GIVE_BACK.minus(SETTLE));
    board.add(
        ID, "pair, 60 s after closing", "MB", candidate, Accounts.memory(candidate.pids()) / 1e6);
    for (int wave = 2; wave <= WAVES; wave++) {
      double held = heldBy(candidate, 5_000);
      board.add(ID, "pair, wave %d of 5,000 open".formatted(wave), "MB", candidate, held / 1e6);
      pause(GIVE_BACK);
      board.add(
          ID,
          "pair, 60 s after wave %d".formatted(wave),
          "MB",
          candidate,
          Accounts.memory(candidate.pids()) / 1e6);
    }
  }

  /**
   * Opens so many connections, lets them rest, closes them: the pair's memory while they rested.
   */
  private double heldBy(Candidate candidate, int count) {
    try (Commands.Background holder = hold(candidate, count)) {
      pause(SETTLE);
      double held = Accounts.memory(candidate.pids());
      holder.endInput();
      if (!holder.ended(Duration.ofSeconds(20))) {
        throw new Commands.Hung("the idle connections could not be closed");
      }
      return held;
    }
  }

  private Commands.Background hold(Candidate candidate, int count) {
    Commands.Background holder =
        bench
            .commands()
            .start(
                TwoNodes.in(
                    candidate.client().namespace(),
                    bench
                        .tools()
                        .command("hold", candidate.dial(Bench.ECHO), Integer.toString(count))),
                Map.of());
    for (int i = 0; i < 600 && !holder.output().contains("held"); i++) {
      if (holder.ended(Duration.ofMillis(100))) {
        throw new Commands.Failed(holder.lastWords());
      }
    }
    if (!holder.output().contains("held")) {
      holder.kill();
      throw new Commands.Hung("%,d connections did not open within 60 s".formatted(count));
    }
    return holder;
  }

  static void pause(Duration length) {
    long end = System.nanoTime() + length.toNanos();
    for (long left = length.toNanos(); left > 0; left = end - System.nanoTime()) {
      java.util.concurrent.locks.LockSupport.parkNanos(left);
    }
  }
}
