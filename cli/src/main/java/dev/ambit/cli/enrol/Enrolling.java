package dev.ambit.cli.enrol;

import dev.ambit.cli.enrol.ManifestFiles.Change;
import dev.ambit.cli.enrol.ManifestFiles.Unchanged;
import dev.ambit.cli.enrol.Settling.PodState;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.reach.MeshOptions;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/** What the four commands that change the label have in common. */
final class Enrolling {
  static final String MODE = "istio.io/dataplane-mode";
  static final String AMBIENT = "ambient";
  static final String NONE = "none";

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int NOT_DONE = 1;

  @Mixin private final MeshOptions mesh = new MeshOptions();

  @Option(
      names = {"-f", "--folder"},
      paramLabel = "DIR",
      description = "Folder of manifests. Default: the one the running mesh follows.")
  private @Nullable Path folder;

  @Option(names = "--no-wait", description = "Does not wait for the node agents.")
  private boolean noWait;

  /** The label's change, made in the manifests of a folder. */
  interface Edit {
    Change apply(ManifestFiles files) throws Exception;
  }

  /**
   * @param what is changed, as people call it
   * @param concerned which pods of the agents' page the change is about
   */
  int run(String what, Edit edit, Predicate<JsonNode> concerned, boolean enrolling, Screen screen)
      throws Exception {
    Optional<RunningMesh> running = mesh.find();
    Path manifests = folder != null ? folder : running.map(RunningMesh::folder).orElse(null);
    if (manifests == null) {
      throw new Unreachable(
          "no mesh is running: start one with 'ambit up -f DIR', or name the folder with -f DIR");
    }
    Optional<Settling> settling =
        running
            .filter(found -> !noWait && follows(found, manifests))
            .map(found -> new Settling(found, concerned, enrolling, System::nanoTime));
    try {
      Change change = edit.apply(new ManifestFiles(manifests));
      screen.out().println(what + ": " + sentence(change));
    } catch (Unchanged e) {
      throw new Unreachable(String.valueOf(e.getMessage()));
    }
    screen.out().flush();
    if (settling.isEmpty()) {
      if (!noWait) {
        screen.out().println("no running mesh follows " + manifests + ": nothing to wait for");
        screen.out().flush();
      }
      return 0;
    }
    List<PodState> pods = settling.get().await(PATIENCE);
    return report(pods, enrolling, screen);
  }

  /** A mesh named by its sockets does not say what it follows: then the person knows. */
  private static boolean follows(RunningMesh mesh, Path manifests) {
    Path followed = mesh.folder();
    try {
      return followed == null || Files.isSameFile(followed, manifests);
    } catch (IOException missing) {
      return false;
    }
  }

  /** Where sentences go. */
  record Screen(PrintWriter out, Ink ink) {}

  private static String sentence(Change change) {
    String file = String.valueOf(change.file().getFileName());
    if (change.isNothing()) {
      return MODE
          + change.after().map(value -> " is " + value).orElse(" is not set")
          + " already in "
          + file;
    }
    return MODE
        + change.after().map(value -> "=" + value).orElse(" removed")
        + " in "
        + file
        + change.before().map(value -> " (was " + value + ")").orElse("");
  }

  private static int report(List<PodState> pods, boolean enrolling, Screen screen) {
    PrintWriter out = screen.out();
    int width = pods.stream().mapToInt(pod -> pod.name().length()).max().orElse(0);
    long done = 0;
    Duration longest = Duration.ZERO;
    for (PodState pod : pods) {
      boolean asWanted = pod.isCaptured() == enrolling && pod.settled();
      done += asWanted ? 1 : 0;
      longest = asWanted && pod.after().compareTo(longest) > 0 ? pod.after() : longest;
      String state = asWanted ? screen.ink().good(pod.state()) : screen.ink().warning(pod.state());
      out.println(
          "  "
              + pod.name()
              + " ".repeat(width - pod.name().length() + 2)
              + state
              + (asWanted ? "" : ": " + pod.reason()));
    }
    out.println(
        done
            + " of "
            + pods.size()
            + (enrolling ? " pods captured" : " pods released")
            + (done == 0 ? "" : " after " + longest.toMillis() + " ms"));
    List<String> late = pods.stream().filter(pod -> !pod.settled()).map(PodState::name).toList();
    if (!late.isEmpty()) {
      out.println(
          screen.ink().bad("not done after " + PATIENCE.toSeconds() + " s: ")
              + String.join(", ", late)
              + "; 'ambit check' may say why");
    }
    out.flush();
    return late.isEmpty() ? 0 : NOT_DONE;
  }
}
