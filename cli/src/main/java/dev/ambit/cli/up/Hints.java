package dev.ambit.cli.up;

import dev.ambit.cli.up.mesh.Mesh;
import java.nio.file.Path;

/** What a person can do with a mesh that stands. */
final class Hints {
  private Hints() {}

  static String of(Mesh mesh, Path launcher) {
    String ambit = shorter(launcher);
    String pod =
        mesh.pods().stream()
            .map(p -> p.pod().metadata().namespace() + "/" + p.pod().metadata().name())
            .findFirst()
            .orElse("NAMESPACE/POD");
    String namespace = pod.substring(0, pod.indexOf('/'));
    return """

    The mesh stands and follows %1$s: change a file and watch.
      %2$s workloads                     what the mesh knows
      %2$s exec %3$s -- sh     inside a pod
      %2$s connections                   what is open, and as whom
      %2$s why %3$s HOST:PORT  route and verdict, with the rule that decides
      %2$s namespace remove %4$s         release its pods, live; 'enrol' captures them again
    Logs: %5$s
    Ctrl-C ends it and leaves nothing behind.\
    """
        .formatted(
            shorter(mesh.settings().folder()), ambit, pod, namespace, mesh.settings().log("*"));
  }

  private static String shorter(Path path) {
    Path here = Path.of("").toAbsolutePath();
    return path.startsWith(here) ? here.relativize(path).toString() : path.toString();
  }
}
