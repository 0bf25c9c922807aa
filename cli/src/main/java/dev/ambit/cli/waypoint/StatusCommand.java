package dev.ambit.cli.waypoint;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.OutputOptions;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.cli.waypoint.Listing.Condition;
import dev.ambit.cli.waypoint.Listing.Row;
import dev.ambit.daemon.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit waypoint status}. */
@Command(
    name = "status",
    description = {
      "Says whether waypoints are programmed and their pods are ready, and why not.",
      "Exit code: 0 all are, 1 one is not."
    })
final class StatusCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asked asked = new Asked();
  @Mixin private final OutputOptions output = new OutputOptions();
  @Mixin private final Waiting waiting = new Waiting();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Only those of this namespace.")
  private String namespace = "";

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only the waypoint so called.")
  private String name = "";

  @Spec private CommandSpec spec = CommandSpec.create();

  StatusCommand(Ink ink) {
    this.ink = ink;
  }

  /** A waypoint with one of its conditions. */
  private record Line(Row row, Condition condition) {
    ObjectNode json() {
      return Json.object()
          .put("namespace", row.namespace())
          .put("name", row.name())
          .put("type", condition.type())
          .put("status", condition.status())
          .put("reason", condition.reason())
          .put("message", condition.message())
          .put("pods", row.pods())
          .put("podsReady", row.ready());
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    List<Row> rows = wanted();
    if (rows.isEmpty() && !name.isEmpty()) {
      throw new Unreachable("waypoint: got " + name + ", expected one that 'waypoint list' shows");
    }
    waiting.await(
        () -> wanted().stream().filter(row -> !row.isUp()).findFirst().or(() -> any(wanted())),
        ink,
        spec.commandLine().getErr());
    rows = wanted();
    List<Line> lines = new ArrayList<>();
    for (Row row : rows) {
      for (Condition condition : row.conditions()) {
        lines.add(new Line(row, condition));
      }
      if (row.conditions().isEmpty()) {
        lines.add(
            new Line(
                row,
                new Condition("Programmed", "Unknown", "NoMesh", "no controller speaks of it")));
      }
    }
    table().print(lines, output, ink, spec.commandLine().getOut());
    return rows.stream().allMatch(Row::isUp) ? 0 : 1;
  }

  private static Optional<Row> any(List<Row> rows) {
    return rows.stream().findFirst();
  }

  private List<Row> wanted() {
    return asked.rows().stream()
        .filter(row -> namespace.isEmpty() || namespace.equals(row.namespace()))
        .filter(row -> name.isEmpty() || name.equals(row.name()))
        .toList();
  }

  private static Table<Line> table() {
    return new Table<Line>(Line::json)
        .column("NAMESPACE", line -> line.row().namespace())
        .column("NAME", line -> line.row().name())
        .column("STATUS", line -> line.condition().status())
        .column("TYPE", line -> line.condition().type())
        .column("REASON", line -> line.condition().reason())
        .column("READY", line -> line.row().ready() + "/" + line.row().pods())
        .column("ADDRESS", line -> String.join(",", line.row().addresses()))
        .column("MESSAGE", line -> line.condition().message());
  }
}
