package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code ./dev bench}: builds the topology, runs the rows for each transport, writes {@code
 * perf/target/bench.json} and {@code bench.md}. Exits 1 when a row failed, 64 on misuse.
 */
public final class BenchMain {
  private final Options options;
  private final Path perf;
  private final Path work;
  private final Commands commands;
  private final List<Board> boards = new ArrayList<>();

  private BenchMain(Options options, Path perf) throws IOException {
    this.options = options;
    this.perf = perf;
    this.work = Files.createTempDirectory("ambit-bench");
    this.commands = new Commands(Files.createDirectories(work.resolve("logs")));
  }

  public static void main(String[] arguments) throws IOException {
    try {
      Options options = Options.of(List.of(arguments));
      System.exit(new BenchMain(options, Path.of("perf")).run(String.join(" ", arguments)));
    } catch (Options.Misuse e) {
      System.err.println(e.getMessage());
      System.err.print(Options.USAGE);
      System.exit(64);
    }
  }

  private int run(String arguments) throws IOException {
    Machine machine = Machine.here(commands);
    Tools tools =
        Tools.compile(commands, perf.resolve("src/main/c"), perf.resolve("target/bench-tools"));
    List<String> transports = options.mesh() ? options.transports() : List.of("none");
    for (String transport : transports) {
      if (!options.rows(Board.Kind.TUNNEL).isEmpty()) {
        block(transport, tools);
      }
      if (options.mesh() && !options.rows(Board.Kind.WAYPOINT).isEmpty()) {
        waypoints(transport, tools);
      }
    }
    Report report =
        new Report(machine, options, ("./dev bench " + arguments).strip(), List.copyOf(boards));
    Files.writeString(perf.resolve("target/bench.json"), report.json());
    Files.writeString(perf.resolve("target/bench.md"), report.markdown());
    System.out.print(report.markdown());
    boolean failed = boards.stream().anyMatch(board -> !board.failures().isEmpty());
    Progress.say(failed ? "FAILED rows, logs in " + work : "done, all in perf/target/bench.json");
    if (!failed) {
      delete(work);
    }
    return failed ? 1 : 0;
  }

  /** All rows once, with calibration rows of their own. */
  private void block(String transport, Tools tools) throws IOException {
    Board board =
        new Board(
            Board.Kind.TUNNEL, options.mesh() ? "transport " + transport : "calibration only");
    boards.add(board);
    List<AutoCloseable> open = new ArrayList<>();
    Thread cleaner = new Thread(() -> closeAll(open));
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      TwoNodes nodes = TwoNodes.build(commands, "ab" + ProcessHandle.current().pid());
      open.add(nodes);
      Map<String, Commands.Background> echoes = new HashMap<>();
      for (TwoNodes.Pod pod : List.of(nodes.server(), nodes.plainServer())) {
        Commands.Background echo = serve(pod, tools.command("echo", "0.0.0.0:" + Bench.ECHO));
        echoes.put(pod.namespace(), echo);
        open.add(echo);
        open.add(serve(pod, List.of("iperf3", "-s", "-p", Integer.toString(Bench.IPERF))));
      }
      List<Candidate> candidates = calibration(nodes, transport, tools, open);
      if (options.mesh()) {
        mesh(nodes, transport, tools, board)
            .ifPresent(mesh -> {
              open.add(mesh);
              candidates.add(mesh);
            });
      }
      rows(new Bench(commands, tools, options, candidates, board), echoes);
    } finally {
      closeAll(open);
      Runtime.getRuntime().removeShutdownHook(cleaner);
    }
  }

  /** The rows through waypoints, over a topology of their own. */
  private void waypoints(String transport, Tools tools) throws IOException {
    Board board = new Board(Board.Kind.WAYPOINT, "waypoints, transport " + transport);
    boards.add(board);
    List<AutoCloseable> open = new ArrayList<>();
    Thread cleaner = new Thread(() -> closeAll(open));
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      TwoNodes nodes = TwoNodes.build(commands, "aw" + ProcessHandle.current().pid());
      open.add(nodes);
      open.add(serve(nodes.server(), tools.command("echo", "0.0.0.0:" + Bench.ECHO)));
      Path folder = Files.createDirectories(work.resolve("waypoints-" + transport));
      WaypointSite site =
          WaypointSite.start(
              nodes, commands, tools, new MeshPair.MeshFolder(folder, transport, ""));
      open.add(site);
      Bench bench = new Bench(commands, tools, options, List.of(), board);
      WaypointRow waypoint = new WaypointRow(bench, site.paths());
      waypoint.prepare();
      for (String row : options.rows(Board.Kind.WAYPOINT)) {
        switch (row) {
          case WaypointRow.ID -> waypoint.measure();
          case NeighbourRow.ID -> new NeighbourRow(bench, site.paths()).measure();
          default -> throw new IllegalStateException("row: got " + row);
        }
      }
    } catch (Commands.Hung | Commands.Failed | UncheckedIOException e) {
      board.fail("start", WaypointSite.AMBIT, e.toString());
      Progress.say("the waypoints do not stand: " + e);
    } finally {
      closeAll(open);
      Runtime.getRuntime().removeShutdownHook(cleaner);
    }
  }

  private List<Candidate> calibration(
      TwoNodes nodes, String transport, Tools tools, List<AutoCloseable> open) throws IOException {
    Path pair = Files.createDirectories(work.resolve("haproxy-" + transport));
    List<Candidate> candidates = new ArrayList<>();
    candidates.add(Calibration.direct(nodes));
    candidates.add(Calibration.relays(nodes, commands, tools, Bench.ECHO, Bench.IPERF));
    candidates.add(Calibration.haproxy(nodes, commands, pair, Bench.ECHO, Bench.IPERF));
    open.addAll(candidates);
    return candidates;
  }

  /** The mesh, or nothing and a failed row when it does not stand. */
  private Optional<Candidate> mesh(TwoNodes nodes, String transport, Tools tools, Board board)
      throws IOException {
    Path distribution = Path.of("dist/target/ambit").toAbsolutePath();
    Path folder = Files.createDirectories(work.resolve("mesh-" + transport));
    try {
      return Optional.of(
          MeshPair.start(
              nodes,
              commands,
              tools,
              distribution,
              new MeshPair.MeshFolder(folder, transport, "")));
    } catch (Commands.Hung | Commands.Failed | UncheckedIOException e) {
      board.fail("start", "ambit " + transport, e.toString());
      Progress.say("the mesh does not stand: " + e);
      return Optional.empty();
    }
  }

  private void rows(Bench bench, Map<String, Commands.Background> echoes) {
    BulkRow bulk = new BulkRow(bench);
    RoundTripRow roundTrip = new RoundTripRow(bench, echoes);
    ChurnRow churn = new ChurnRow(bench, echoes);
    for (Candidate candidate : bench.candidates()) {
      if (candidate.compiles()) {
        Progress.say("warming up " + candidate.name());
        bench.attempt(
            "warm-up",
            candidate,
            warm -> {
              bulk.warmUp(warm, Duration.ofSeconds(20));
              roundTrip.pingPong(warm, 20_000);
              churn.churn(warm, 1, 6_000);
              churn.churn(warm, 16, 6_000);
            });
      }
    }
    for (String row : options.rows(Board.Kind.TUNNEL)) {
      switch (row) {
        case BulkRow.ID -> bulk.measure();
        case RoundTripRow.ID -> roundTrip.measure();
        case ChurnRow.ID -> churn.measure();
        case IdleRow.ID -> new IdleRow(bench).measure();
        case StartRow.ID -> new StartRow(bench).measure();
        default -> throw new IllegalStateException("row: got " + row);
      }
    }
  }

  private Commands.Background serve(TwoNodes.Pod pod, List<String> command) {
    return commands.start(TwoNodes.in(pod.namespace(), command), Map.of());
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static void closeAll(List<AutoCloseable> open) {
    List<AutoCloseable> all;
    synchronized (open) {
      all = List.copyOf(open).reversed();
      open.clear();
    }
    for (AutoCloseable one : all) {
      try {
        one.close();
      } catch (Exception e) {
        Progress.say("cleaning up: " + e.getMessage());
      }
    }
  }
}
