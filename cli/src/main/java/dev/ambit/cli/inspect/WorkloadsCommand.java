package dev.ambit.cli.inspect;

import dev.ambit.cli.inspect.Knowledge.Seen;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ambit workloads}. */
@Command(
    name = "workloads",
    aliases = {"workload", "w"},
    description = "Lists the workloads the ztunnels know.")
final class WorkloadsCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  WorkloadsCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    List<Seen<Workload>> rows =
        new Knowledge(asking.mesh().dumps())
            .workloads().stream()
                .filter(row -> asking.wantsNamespace(row.value().namespace()))
                .filter(row -> asking.wantsNode(row.value().node()))
                .toList();
    return asking.show(rows, table(), spec, ink);
  }

  private static Table<Seen<Workload>> table() {
    return new Table<Seen<Workload>>(Seen::json)
        .column("NAMESPACE", row -> row.value().namespace())
        .column("POD NAME", row -> row.value().name())
        .column("ADDRESS", row -> Knowledge.addresses(row.value().addresses()))
        .column("NODE", row -> row.value().node())
        .column("WAYPOINT", row -> Knowledge.waypoint(row.view(), row.value().waypoint()))
        .column(
            "PROTOCOL",
            row ->
                switch (row.value().tunnel()) {
                  case HBONE -> "HBONE";
                  case NONE -> "TCP";
                })
        .column(
            "STATUS",
            row -> row.value().status() == Workload.Status.HEALTHY ? "Healthy" : "Unhealthy")
        .wideColumn("SERVICE ACCOUNT", row -> row.value().serviceAccount())
        .wideColumn("NETWORK", row -> row.value().network())
        .wideColumn(
            "SERVICES",
            row ->
                row.value().services().keySet().stream()
                    .map(Object::toString)
                    .sorted()
                    .collect(Collectors.joining(",")))
        .wideColumn("POLICIES", row -> String.join(",", row.value().policies()))
        .wideColumn("UID", row -> row.value().uid());
  }
}
