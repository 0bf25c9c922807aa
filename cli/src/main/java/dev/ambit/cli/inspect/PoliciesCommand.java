package dev.ambit.cli.inspect;

import dev.ambit.cli.inspect.Knowledge.Seen;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.model.policy.Policy;
import dev.ambit.model.workload.Workload;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code ambit policies}. */
@Command(
    name = "policies",
    aliases = {"policy", "pol", "p"},
    description = "Lists the L4 authorization policies the ztunnels know.")
final class PoliciesCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  PoliciesCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() {
    List<Seen<Policy>> rows =
        new Knowledge(asking.meshOfNode().dumps())
            .policies().stream()
                .filter(row -> asking.wantsNamespace(row.value().key().namespace()))
                .toList();
    return asking.show(rows, table(), spec, ink);
  }

  private static Table<Seen<Policy>> table() {
    return new Table<Seen<Policy>>(Seen::json)
        .column("NAMESPACE", row -> row.value().key().namespace())
        .column("POLICY NAME", row -> row.value().key().name())
        .column(
            "ACTION",
            row ->
                switch (row.value().action()) {
                  case ALLOW -> "Allow";
                  case DENY -> "Deny";
                })
        .column(
            "SCOPE",
            row ->
                switch (row.value().scope()) {
                  case GLOBAL -> "Global";
                  case NAMESPACE -> "Namespace";
                  case WORKLOAD_SELECTOR -> "WorkloadSelector";
                })
        .column("RULES", row -> String.valueOf(row.value().rules().size()))
        .column("ENFORCED", row -> row.value().dryRun() ? "dry run" : "yes")
        .column("WORKLOADS", row -> String.valueOf(covered(row).size()))
        .wideColumn(
            "COVERS",
            row ->
                covered(row).stream()
                    .map(workload -> workload.namespace() + "/" + workload.name())
                    .sorted()
                    .collect(Collectors.joining(",")));
  }

  private static List<Workload> covered(Seen<Policy> row) {
    Policy policy = row.value();
    return row.view().workloads().stream()
        .filter(workload ->
            switch (policy.scope()) {
              case GLOBAL -> true;
              case NAMESPACE -> workload.namespace().equals(policy.key().namespace());
              case WORKLOAD_SELECTOR -> workload.policies().contains(policy.key().toString());
            })
        .toList();
  }
}
