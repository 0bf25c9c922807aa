package dev.ambit.cli.up;

import dev.ambit.cli.up.mesh.Mesh;
import java.nio.file.Path;
import java.util.Comparator;

/** What a person can do with a mesh that stands. */
final class Hints {
  private static final int WIDTH = 64;

  private Hints() {}

  static String of(Mesh mesh, Path launcher) {
    String ambit = shorter(launcher);
    String pod =
        mesh.pods().stream()
            .map(p -> p.pod().metadata().namespace() + "/" + p.pod().metadata().name())
            .min(Comparator.comparing(name -> mesh.enrolled(name).isEmpty()))
            .orElse("NAMESPACE/POD");
    String namespace = pod.substring(0, pod.indexOf('/'));
    return "\nThe mesh stands and follows %s: change a file and watch.\n"
            .formatted(shorter(mesh.settings().folder()))
        + line(ambit + " workloads", "what the mesh knows")
        + line(ambit + " connections", "what is open, and as whom")
        + line(ambit + " why " + pod + " HOST:PORT", "route and verdict, with the rule")
        + line(ambit + " exec " + pod + " -- sh", "inside a pod")
        + line(ambit + " namespace remove " + namespace, "release its pods, live; enrol them again")
        + "Logs: %s\nCtrl-C ends it and leaves nothing behind.".formatted(mesh.settings().log("*"));
  }

  private static String line(String command, String what) {
    return "  " + command + " ".repeat(Math.max(2, WIDTH - command.length())) + what + "\n";
  }

  private static String shorter(Path path) {
    Path here = Path.of("").toAbsolutePath();
    return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
  }
}
