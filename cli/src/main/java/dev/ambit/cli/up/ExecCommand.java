package dev.ambit.cli.up;

import dev.ambit.cli.reach.StateFolders;
import dev.ambit.cli.up.mesh.MeshFile;
import dev.ambit.daemon.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code ambit exec}: runs a program inside a pod of a mesh that {@code ambit up} keeps. */
@Command(
    name = "exec",
    mixinStandardHelpOptions = true,
    description = "Runs a program inside a pod of the mesh that 'ambit up' keeps on this machine.")
public final class ExecCommand implements Callable<Integer> {
  private static final int UNAVAILABLE = 69;

  @Option(names = "--state", paramLabel = "DIR", description = "Default: ${DEFAULT-VALUE}")
  private Path state = StateFolders.usual();

  @Parameters(index = "0", paramLabel = "NAMESPACE/POD")
  private String pod = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "Program and arguments, after --; a shell without.")
  private List<String> command = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    JsonNode mesh;
    try {
      mesh = Json.read(Files.readAllBytes(state.resolve(MeshFile.NAME)));
    } catch (IOException e) {
      System.err.println("ambit exec: no mesh stands in " + state + "; start one with 'ambit up'");
      return UNAVAILABLE;
    }
    JsonNode entry = mesh.path("pods").path(pod);
    if (entry.isMissingNode()) {
      System.err.println(
          "ambit exec: pod: got "
              + pod
              + ", expected one of "
              + String.join(", ", mesh.path("pods").propertyNames()));
      return 1;
    }
    OptionalLong process = outsideId(mesh.path("root").asLong(), entry.path("pid").asLong());
    if (process.isEmpty()) {
      System.err.println("ambit exec: the mesh of " + state + " is gone, or another user's");
      return UNAVAILABLE;
    }
    return enter(process.getAsLong()).start().waitFor();
  }

  private ProcessBuilder enter(long process) throws IOException {
    var all = new ArrayList<>(List.of("nsenter", "--target=" + process));
    Path own = Files.readSymbolicLink(Path.of("/proc/self/ns/user"));
    if (!own.equals(Files.readSymbolicLink(Path.of("/proc/" + process + "/ns/user")))) {
      all.addAll(List.of("--user", "--preserve-credentials"));
    }
    all.addAll(List.of("--net", "--mount", "--uts", "--ipc", "--pid", "--"));
    all.addAll(command.isEmpty() ? List.of("sh") : command);
    return new ProcessBuilder(all).inheritIO();
  }

  /**
   * The pod's first process as this shell's namespace numbers it: the one among the descendants of
   * the mesh's first process that is {@code inside} in the mesh's namespace.
   */
  private static OptionalLong outsideId(long meshRoot, long inside) throws IOException {
    try (Stream<ProcessHandle> family =
        ProcessHandle.of(meshRoot).map(ProcessHandle::descendants).orElseGet(Stream::empty)) {
      return family.mapToLong(ProcessHandle::pid).filter(pid -> isInside(pid, inside)).findFirst();
    }
  }

  private static boolean isInside(long outer, long inside) {
    try {
      return Files.readAllLines(Path.of("/proc/" + outer + "/status")).stream()
          .filter(line -> line.startsWith("NSpid:"))
          .map(line -> line.split("\\s+"))
          .anyMatch(ids -> ids.length > 2 && ids[2].equals(Long.toString(inside)));
    } catch (IOException e) {
      return false;
    }
  }
}
