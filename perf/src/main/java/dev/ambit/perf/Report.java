package dev.ambit.perf;

import dev.ambit.daemon.Json;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Renders boards as JSON and as Markdown. */
record Report(Machine machine, Options options, String command, List<Board> boards) {
  String json() {
    ObjectNode root = Json.object();
    ObjectNode where = root.putObject("machine");
    machine.facts().forEach(where::put);
    root.put("command", command);
    ArrayNode blocks = root.putArray("blocks");
    for (Board board : boards) {
      ObjectNode block = blocks.addObject().put("title", board.title());
      ArrayNode figures = block.putArray("figures");
      board.figures().forEach(figure -> figures.add(json(board, figure)));
      ArrayNode failures = block.putArray("failures");
      board
          .failures()
          .forEach(f ->
              failures
                  .addObject()
                  .put("row", f.row())
                  .put("candidate", f.candidate())
                  .put("reason", f.reason()));
    }
    return Json.pretty(root) + "\n";
  }

  private static ObjectNode json(Board board, Board.Figure figure) {
    ObjectNode node =
        Json.object()
            .put("row", figure.row())
            .put("figure", figure.name())
            .put("unit", figure.unit());
    ObjectNode candidates = node.putObject("candidates");
    for (String candidate : candidates(board)) {
      List<Double> samples = board.samples(figure, candidate);
      if (!samples.isEmpty()) {
        ObjectNode one = candidates.putObject(candidate);
        one.put("median", Board.median(samples));
        one.put("min", samples.stream().min(Double::compare).orElseThrow());
        one.put("max", samples.stream().max(Double::compare).orElseThrow());
        ArrayNode all = one.putArray("samples");
        samples.forEach(all::add);
        for (String base : board.kind().bases()) {
          ratio(board, figure, candidate, base).ifPresent(r -> one.put("x " + base, r));
        }
      }
    }
    return node;
  }

  String markdown() {
    StringBuilder text = new StringBuilder();
    machine.facts().forEach((name, value) -> text.append("- %s: %s%n".formatted(name, value)));
    text.append("- command: `").append(command).append("`\n\n");
    for (Board board : boards) {
      text.append('\n').append("### ").append(board.title()).append("\n\n");
      text.append(method(board.kind())).append('\n');
      table(board, text);
      board
          .failures()
          .forEach(f ->
              text.append(
                  "%n**FAILED** %s, %s: %s%n".formatted(f.row(), f.candidate(), f.reason())));
    }
    return text.toString();
  }

  private String method(Board.Kind kind) {
    return switch (kind) {
      case TUNNEL -> TUNNEL_METHOD.formatted(options.rounds(), options.gigabytes());
      case WAYPOINT -> WAYPOINT_METHOD.formatted(options.rounds(), options.seconds());
    };
  }

  private static void table(Board board, StringBuilder text) {
    List<String> candidates = candidates(board);
    List<String> measured = measured(candidates);
    List<String> heads = new ArrayList<>(List.of("row", "figure"));
    heads.addAll(candidates);
    for (String candidate : measured) {
      board.kind().bases().forEach(base -> heads.add(candidate + " ÷ " + base));
    }
    text.append("| ").append(String.join(" | ", heads)).append(" |\n");
    text.append("|---".repeat(heads.size())).append("|\n");
    for (Board.Figure figure : board.figures()) {
      List<String> cells =
          new ArrayList<>(List.of(figure.row(), figure.name() + ", " + figure.unit()));
      candidates.forEach(candidate -> cells.add(cell(board.samples(figure, candidate))));
      for (String candidate : measured) {
        for (String base : board.kind().bases()) {
          OptionalDouble ratio = ratio(board, figure, candidate, base);
          cells.add(ratio.isPresent() ? "%.2f".formatted(ratio.getAsDouble()) : "");
        }
      }
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
  }

  /** Median, and the range when there is more than one sample. */
  private static String cell(List<Double> samples) {
    if (samples.isEmpty()) {
      return "";
    }
    String median = number(Board.median(samples));
    if (samples.size() == 1) {
      return median;
    }
    double min = samples.stream().min(Double::compare).orElseThrow();
    double max = samples.stream().max(Double::compare).orElseThrow();
    return "%s (%s–%s)".formatted(median, number(min), number(max));
  }

  private static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  private static OptionalDouble ratio(
      Board board, Board.Figure figure, String candidate, String base) {
    OptionalDouble ours = board.median(figure, candidate);
    OptionalDouble theirs = board.median(figure, base);
    if (candidate.equals(base) || ours.isEmpty() || theirs.isEmpty() || theirs.getAsDouble() == 0) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(ours.getAsDouble() / theirs.getAsDouble());
  }

  private static List<String> candidates(Board board) {
    Set<String> names = new LinkedHashSet<>();
    names.add(Calibration.DIRECT);
    names.addAll(board.kind().bases());
    board.figures().forEach(figure -> names.addAll(board.candidates(figure)));
    return List.copyOf(names);
  }

  /** The candidates that are no calibration; all of them when there are only those. */
  private static List<String> measured(List<String> candidates) {
    return candidates.stream().filter(name -> name.startsWith("ambit")).toList();
  }

  private static final String TUNNEL_METHOD =
      """
      Two nodes and their pods in network namespaces, joined by veth pairs; the calibration rows run
      over the same topology in pods outside the mesh: no proxy, two bare relays of 256 KiB, and
      haproxy to haproxy over mutual TLS 1.3 (one thread each, no HTTP/2). Median (range) of %d runs
      in alternating order, B6 one run. CPU is user and system time of the two proxies from
      /proc/PID/stat, memory is their Pss; GB are 10^9 bytes. B1: iperf3, one stream, %d GB each way,
      not pinned. B3: 1 KiB, all processes on vCPU 0, closed loop of 40,000 and open loop of 8,000.
      B4: 6,000 connections, one byte each, all on vCPU 0. B6: 15 s after opening. Warm-up of a JVM:
      20 s of bulk, 20,000 round trips, 12,000 connections, unmeasured.
      """;

  private static final String WAYPOINT_METHOD =
      """
      The same two nodes. A request asks for 1 KiB of nginx in the server's pod and takes, between
      client and server: nothing, a plain nginx proxy without TLS, Ambit's two ztunnels, these and
      Envoy 1.40.0 as a waypoint (tunnels ended with mutual TLS, an internal listener with HTTP and
      100 routes, another that opens the tunnel to the endpoint: Istio's chain, without its
      telemetry filters and access log), or these and Ambit's waypoint (100 rules of HTTPRoutes,
      Istio's metrics on, access log off). All that is in a mesh passes the same two ztunnels. The
      waypoints run in pods of the server's node, with a thread for each core. Median (range) of %d
      runs in alternating order, %d s each. CPU is user and system time of the process in the middle
      alone (of both ztunnels where there is nothing else), memory its Pss. Pinned: wrk, one
      connection, everything on vCPU 0. 1,000/s: h2load, 16 connections, HTTP/1.1, evenly spread;
      times from sending to the end of the answer. Full: wrk on 16 connections; HTTP/2: h2load on 4
      connections with 8 streams. Added: more than with nothing between; hop's: more than the two
      ztunnels alone. B12: 50 requests a second, alone and beside a reader that takes 1 MB/s of a
      file of 200 MB over the same tunnels. Warm-up of the JVMs: about 45 s of these loads.
      """;
}
