package dev.ambit.cli.waypoint;

import dev.ambit.cli.enrol.ManifestFiles;
import dev.ambit.cli.enrol.ManifestFiles.Unchanged;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.RunningMesh;
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
import picocli.CommandLine.Spec;

/** {@code ambit waypoint apply}. */
@Command(
    name = "apply",
    description = {
      "Writes a Gateway that makes a waypoint into the folder of manifests.",
      "One that is there already is changed only where an option says so."
    })
final class ApplyCommand implements Callable<Integer> {
  private static final String USE = "istio.io/use-waypoint";
  private static final String MODE = "istio.io/dataplane-mode";

  private final Ink ink;

  @Mixin private final Asked asked = new Asked();
  @Mixin private final GatewayOptions gateway = new GatewayOptions();
  @Mixin private final Waiting waiting = new Waiting();

  @Option(
      names = "--enroll-namespace",
      description = "Labels the namespace so that its services use the waypoint.")
  private boolean enrolNamespace;

  @Option(
      names = "--overwrite",
      description = "Lets --enroll-namespace replace another waypoint's name.")
  private boolean overwrite;

  @Spec private CommandSpec spec = CommandSpec.create();

  ApplyCommand(Ink ink) {
    this.ink = ink;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    GatewayManifest wanted = gateway.manifest();
    Path folder = asked.folder();
    try {
      if (enrolNamespace) {
        refuseOther(folder, wanted);
      }
      say("waypoint " + wanted.namespace() + "/" + wanted.name() + ": " + write(folder, wanted));
      if (enrolNamespace) {
        enrol(folder, wanted);
      }
    } catch (Unchanged e) {
      throw new Unreachable(String.valueOf(e.getMessage()));
    }
    if (asked.follower().isEmpty()) {
      say("no running mesh follows " + folder + ": it starts with 'ambit up -f " + folder + "'");
      return 0;
    }
    // Asked anew each time: the pods of the waypoint join the mesh meanwhile.
    return waiting.await(
        () -> asked.follower().flatMap(mesh -> row(mesh, wanted)),
        ink,
        spec.commandLine().getOut());
  }

  private static Optional<Listing.Row> row(RunningMesh mesh, GatewayManifest wanted) {
    return Listing.of(mesh).stream()
        .filter(
            row -> row.namespace().equals(wanted.namespace()) && row.name().equals(wanted.name()))
        .findFirst();
  }

  private static String write(Path folder, GatewayManifest wanted) throws IOException {
    GatewayFiles files = new GatewayFiles(folder);
    Optional<GatewayFiles.Place> there = files.find(wanted.namespace(), wanted.name());
    if (there.isEmpty()) {
      return "created in " + files.add(wanted).getFileName();
    }
    List<String> changed = new ArrayList<>();
    label(folder, wanted, GatewayManifest.FOR, wanted.serves(), changed);
    label(folder, wanted, GatewayManifest.REVISION, wanted.revision(), changed);
    String file = " in " + there.get().file().getFileName();
    return changed.isEmpty() ? "unchanged" + file : "now " + String.join(", ", changed) + file;
  }

  private static void label(
      Path folder, GatewayManifest wanted, String label, String value, List<String> changed)
      throws IOException {
    if (value.isEmpty()) {
      return;
    }
    LabelEdit edit = new LabelEdit("Gateway", wanted.namespace(), wanted.name(), label);
    if (!new ManifestFiles(folder).set(edit, value).isNothing()) {
      changed.add(label + "=" + value);
    }
  }

  private static LabelEdit namespace(GatewayManifest wanted, String label) {
    return new LabelEdit("Namespace", "", wanted.namespace(), label);
  }

  private void refuseOther(Path folder, GatewayManifest wanted) throws IOException {
    Optional<String> other = new ManifestFiles(folder).read(namespace(wanted, USE));
    if (!overwrite && other.isPresent() && !other.get().equals(wanted.name())) {
      throw new Unchanged(
          "namespace "
              + wanted.namespace()
              + ": got the label "
              + USE
              + "="
              + other.get()
              + ", expected none: --overwrite replaces it");
    }
  }

  private void enrol(Path folder, GatewayManifest wanted) throws IOException {
    ManifestFiles files = new ManifestFiles(folder);
    ManifestFiles.Change change = files.set(namespace(wanted, USE), wanted.name());
    say(
        "namespace "
            + wanted.namespace()
            + ": "
            + USE
            + "="
            + wanted.name()
            + (change.isNothing() ? " already in " : " in ")
            + change.file().getFileName());
    if (!files.read(namespace(wanted, MODE)).equals(Optional.of("ambient"))) {
      say(
          ink.warning("note: ")
              + "namespace "
              + wanted.namespace()
              + " is not in the mesh; 'ambit namespace enrol "
              + wanted.namespace()
              + "' takes it in");
    }
  }

  private void say(String sentence) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(sentence);
    out.flush();
  }
}
