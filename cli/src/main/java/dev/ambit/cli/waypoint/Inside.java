package dev.ambit.cli.waypoint;

import dev.ambit.cli.l7.AtWaypoint;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.OutputOptions;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.RunningMesh.Waypoint;
import dev.ambit.cli.reach.Unreachable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the commands that look inside waypoints can be asked. */
final class Inside {
  @Mixin private final MeshOptions mesh = new MeshOptions();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Only the waypoints of this namespace.")
  private String namespace = "";

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only the waypoint so called.")
  private String name = "";

  /** Pods that can be asked; never empty. */
  List<Waypoint> pods() {
    RunningMesh running = mesh.open();
    List<Waypoint> pods =
        running.waypoints().stream()
            .filter(pod -> namespace.isEmpty() || namespace.equals(pod.namespace()))
            .filter(pod -> name.isEmpty() || name.equals(pod.gateway()))
            .toList();
    if (pods.isEmpty()) {
      String known =
          running.waypoints().stream()
              .map(pod -> pod.namespace() + "/" + pod.gateway())
              .distinct()
              .sorted()
              .collect(Collectors.joining(", "));
      throw new Unreachable(
          "no waypoint runs that is meant"
              + (known.isEmpty() ? "; 'ambit waypoint apply' makes one" : "; known: " + known));
    }
    return pods;
  }

  /** One pod of each waypoint: they all do the same. */
  List<AtWaypoint> waypoints() {
    Map<String, Waypoint> one = new LinkedHashMap<>();
    pods().forEach(pod -> one.putIfAbsent(pod.namespace() + "/" + pod.gateway(), pod));
    RunningMesh running = mesh.open();
    List<AtWaypoint> all = new ArrayList<>();
    one.values().forEach(pod -> all.add(AtWaypoint.of(running, pod)));
    return all;
  }

  <T> Integer show(List<T> rows, Table<T> table, CommandSpec spec, Ink ink) {
    table.print(rows, output, ink, spec.commandLine().getOut());
    return 0;
  }
}
