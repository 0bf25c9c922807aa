package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code ambit pods}: what the node agents did with each pod. */
@Command(
    name = "pods",
    description = "Lists the pods of the nodes: captured or not, since when, and why.")
final class PodsCommand implements Callable<Integer> {
  private final Ink ink;
  private final InstantSource clock;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  PodsCommand(Ink ink, InstantSource clock) {
    this.ink = ink;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    RunningMesh mesh = asking.meshOfNode();
    if (mesh.nodes().stream().allMatch(node -> node.cni() == null)) {
      throw new Unreachable("pods are known to node agents only: name a running mesh");
    }
    List<JsonNode> rows = new ArrayList<>();
    for (RunningMesh.Said said : mesh.askAgents("/pods")) {
      said.page().forEach(rows::add);
    }
    rows.removeIf(row -> !asking.wantsNamespace(text(row, "namespace")));
    rows.sort(
        Comparator.<JsonNode, String>comparing(row -> text(row, "namespace"))
            .thenComparing(row -> text(row, "name")));
    return asking.show(rows, table(), spec, ink);
  }

  private Table<JsonNode> table() {
    return new Table<JsonNode>(row -> row)
        .column("NAMESPACE", row -> text(row, "namespace"))
        .column("POD NAME", row -> text(row, "name"))
        .column("NODE", row -> text(row, "node"))
        .column("STATE", row -> text(row, "state"))
        .column("SINCE", row -> Ages.since(text(row, "since"), clock.instant()))
        .column("UNPROTECTED", row -> row.path("unprotected").asString("0"))
        .column("REASON", row -> text(row, "reason"))
        .wideColumn("UID", row -> text(row, "uid"));
  }

  private static String text(JsonNode row, String field) {
    return row.path(field).asString("");
  }
}
