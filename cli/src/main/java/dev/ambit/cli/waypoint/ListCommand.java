package dev.ambit.cli.waypoint;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.OutputOptions;
import dev.ambit.cli.print.Table;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ambit waypoint list}. */
@Command(name = "list", description = "Lists the waypoints and how they fare.")
final class ListCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asked asked = new Asked();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Only those of this namespace.")
  private String namespace = "";

  @Option(
      names = {"-A", "--all-namespaces"},
      description = "Those of all namespaces, as without -n.")
  private boolean everywhere;

  @Spec private CommandSpec spec = CommandSpec.create();

  ListCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    List<Listing.Row> rows =
        asked.rows().stream()
            .filter(row -> everywhere || namespace.isEmpty() || namespace.equals(row.namespace()))
            .toList();
    new Table<Listing.Row>(Listing.Row::json)
        .column("NAMESPACE", Listing.Row::namespace)
        .column("NAME", Listing.Row::name)
        .column("REVISION", Listing.Row::revision)
        .column("PROGRAMMED", Listing.Row::programmed)
        .column("ADDRESS", row -> row.addresses().isEmpty() ? "" : row.addresses().getFirst())
        .column("FOR", Listing.Row::serves)
        .column("READY", row -> row.ready() + "/" + row.pods())
        .column("BOUND", row -> String.valueOf(row.bound().size()))
        .wideColumn("CLASS", row -> row.gateway().className())
        .wideColumn("ADDRESSES", row -> String.join(",", row.addresses()))
        .wideColumn("SERVICES", row -> String.join(",", row.bound()))
        .wideColumn("REASONS", Listing.Row::reasons)
        .print(rows, output, ink, spec.commandLine().getOut());
    return 0;
  }
}
