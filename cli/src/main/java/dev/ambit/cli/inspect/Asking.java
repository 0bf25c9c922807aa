package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.OutputOptions;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What every listing can be asked: of which mesh, of what of it, in which form. */
final class Asking {
  @Mixin private final MeshOptions mesh = new MeshOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Only what belongs to this namespace.")
  private String namespace = "";

  @Option(names = "--node", paramLabel = "NODE", description = "Only what belongs to this node.")
  private String node = "";

  /** The whole mesh: for what every node knows alike. */
  RunningMesh mesh() {
    return mesh.open();
  }

  /** The programs of the node asked for: for what only they know. */
  RunningMesh meshOfNode() {
    return mesh.open().only(node);
  }

  boolean wantsNamespace(String actual) {
    return namespace.isEmpty() || namespace.equals(actual);
  }

  boolean wantsNode(String actual) {
    return node.isEmpty() || node.equals(actual);
  }

  <T> Integer show(List<T> rows, Table<T> table, CommandSpec spec, Ink ink) {
    table.print(rows, output, ink, spec.commandLine().getOut());
    return 0;
  }
}
