package dev.ambit.cli.waypoint;

import dev.ambit.cli.enrol.ManifestFiles;
import dev.ambit.cli.enrol.ManifestFiles.Unchanged;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.manifest.LabelEdit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ambit waypoint delete}. */
@Command(name = "delete", description = "Takes waypoints out of the folder of manifests.")
final class DeleteCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asked asked = new Asked();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "Namespace of the waypoints. Default: ${DEFAULT-VALUE}.")
  private String namespace = "default";

  @Option(names = "--all", description = "All of the namespace.")
  private boolean all;

  @Option(
      names = {"-r", "--revision"},
      paramLabel = "REVISION",
      description = "With --all: only those of this revision.")
  private String revision = "";

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "The waypoints.")
  private List<String> names = List.of();

  @Spec private CommandSpec spec = CommandSpec.create();

  DeleteCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() throws IOException {
    if (all == !names.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          all ? "got names and --all, expected one of them" : "expected names or --all");
    }
    Path folder = asked.folder();
    GatewayFiles files = new GatewayFiles(folder);
    try {
      for (String name : all ? ofNamespace(folder) : names) {
        Optional<GatewayFiles.Place> place = files.find(namespace, name);
        if (place.isEmpty()) {
          throw new Unchanged(
              "got no Gateway " + namespace + "/" + name + " in " + folder + ", expected one");
        }
        files.remove(place.get());
        say(
            "waypoint "
                + namespace
                + "/"
                + name
                + ": removed from "
                + place.get().file().getFileName());
        warn(folder, name);
      }
    } catch (Unchanged e) {
      throw new Unreachable(String.valueOf(e.getMessage()));
    }
    return 0;
  }

  private List<String> ofNamespace(Path folder) {
    List<String> found = new ArrayList<>();
    for (Listing.Row row : Listing.of(folder)) {
      if (row.namespace().equals(namespace)
          && (revision.isEmpty() || row.revision().equals(revision))) {
        found.add(row.name());
      }
    }
    return found;
  }

  /** Who still asks for a waypoint that is gone is sent past it: worth a word. */
  private void warn(Path folder, String name) throws IOException {
    LabelEdit use = new LabelEdit("Namespace", "", namespace, "istio.io/use-waypoint");
    if (new ManifestFiles(folder).read(use).equals(Optional.of(name))) {
      say(
          ink.warning("note: ")
              + "namespace "
              + namespace
              + " still has istio.io/use-waypoint="
              + name
              + ": its traffic passes no waypoint until there is one of that name");
    }
  }

  private void say(String sentence) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(sentence);
    out.flush();
  }
}
