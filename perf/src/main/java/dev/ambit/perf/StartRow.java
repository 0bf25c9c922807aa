package dev.ambit.perf;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** B16: from exec to ready and to the first byte through the tunnel, beside a bare JVM. */
final class StartRow {
  static final String ID = "B16";
  private static final String BARE = "bare JVM";

  private final Bench bench;

  StartRow(Bench bench) {
    this.bench = bench;
  }

  void measure() {
    Board.Figure ready = new Board.Figure(ID, "ready", "ms");
    for (int round = 0; round < bench.options().rounds(); round++) {
      bench.board().add(ready, BARE, bareJvm());
    }
    for (Candidate candidate : bench.candidates()) {
      if (candidate instanceof MeshPair mesh) {
        bench.rounds(ID, List.of(mesh), unused -> measure(mesh));
      }
    }
  }

  private void measure(MeshPair mesh) {
    Board board = bench.board();
    List<Long> old = mesh.pids();
    MeshPair.Restart restart = mesh.restart();
    List<Long> started = new ArrayList<>(mesh.pids());
    started.removeAll(old);
    board.add(ID, "ready", "ms", mesh, restart.readyMillis());
    board.add(ID, "first byte", "ms", mesh, restart.firstByteMillis());
    board.add(ID, "CPU until the first byte", "ms", mesh, Accounts.cpuSeconds(started) * 1e3);
    IdleRow.pause(Duration.ofSeconds(5));
    board.add(ID, "memory 5 s later", "MB", mesh, Accounts.memory(started) / 1e6);
  }

  /** A JVM that starts and ends. */
  private double bareJvm() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    long began = System.nanoTime();
    bench.commands().run(Duration.ofSeconds(20), List.of(java, "-XX:+UseSerialGC", "-version"));
    return (System.nanoTime() - began) / 1e6;
  }
}
