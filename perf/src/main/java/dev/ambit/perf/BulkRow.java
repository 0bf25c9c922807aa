package dev.ambit.perf;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** B1: one stream, both directions, by iperf3 (spec: performance §7). */
final class BulkRow {
  static final String ID = "B1";

  private final Bench bench;

  BulkRow(Bench bench) {
    this.bench = bench;
  }

  void measure() {
    bench.rounds(
        ID,
        candidate -> {
          measure(candidate, "up", bench.options().gigabytes());
          measure(candidate, "down", bench.options().gigabytes());
        });
  }

  private void measure(Candidate candidate, String direction, int gigabytes) {
    double before = Accounts.cpuSeconds(candidate.pids());
    String output = transfer(candidate, direction, gigabytes * 1_000_000_000L);
    double used = Accounts.cpuSeconds(candidate.pids()) - before;
    String received = output.substring(output.lastIndexOf("\"sum_received\""));
    double bytes = Tools.number(received, "bytes");
    double rate = Tools.number(received, "bits_per_second");
    Board board = bench.board();
    if (!candidate.pids().isEmpty()) {
      if (used == 0) {
        throw new Commands.Failed("the proxies did nothing: the bytes went past them");
      }
      board.add(ID, direction + ", pair CPU", "s/GB", candidate, used / (bytes / 1e9));
    }
    board.add(ID, direction + ", rate", "Gb/s", candidate, rate / 1e9);
  }

  /** Moves bytes both ways for {@code length}, unmeasured. */
  void warmUp(Candidate candidate, Duration length) {
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() < end) {
      transfer(candidate, "up", 1_000_000_000);
      transfer(candidate, "down", 1_000_000_000);
    }
  }

  private String transfer(Candidate candidate, String direction, long bytes) {
    String[] target = candidate.dial(Bench.IPERF).split(":");
    List<String> command =
        new ArrayList<>(List.of("iperf3", "-J", "-c", target[0], "-p", target[1]));
    command.addAll(List.of("-n", Long.toString(bytes)));
    if (direction.equals("down")) {
      command.add("-R");
    }
    // Slower than 0.3 Gb/s counts as a hang.
    String output =
        bench.load(candidate, Duration.ofSeconds(20 + bytes * 8 / 300_000_000L), command);
    if (output.contains("\"error\":")) {
      throw new Commands.Failed(
          "iperf3: " + output.substring(output.indexOf("\"error\":")).strip());
    }
    return output;
  }
}
