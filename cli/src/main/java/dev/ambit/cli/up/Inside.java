package dev.ambit.cli.up;

import dev.ambit.cli.up.mesh.Mesh;
import dev.ambit.cli.up.mesh.MeshSettings;
import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.report.Report;
import dev.ambit.cli.up.report.StepResult;
import dev.ambit.cli.up.story.Scratch;
import dev.ambit.cli.up.story.Story;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The program inside the mesh's own namespaces: builds the mesh, then runs the story or waits. It
 * ends when standard input does, and with it every process of the mesh, for it is the last one of
 * the process namespace but the shell that waits for it.
 */
final class Inside {
  /** File in the state folder: how many steps were right, and how many there were. */
  static final String SCORE = "score";

  private static final Duration STANDING_LIMIT = Duration.ofSeconds(60);
  private static final int INTERRUPTED = 130;

  private final Path manifests;
  private final Path state;
  private final String id;
  private final Report report;

  Inside(Path manifests, Path state, String id, Report report) {
    this.manifests = manifests;
    this.state = state;
    this.id = id;
    this.report = report;
  }

  int run(boolean once) throws IOException, InterruptedException {
    var stdin = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    long rootPid = Long.parseLong(stdin.readLine());
    Thread.ofVirtual().name("await end").start(() -> endWith(stdin));
    long since = Long.parseLong(System.getenv().getOrDefault("AMBIT_UP_SINCE", "0"));
    return once ? story(rootPid, since) : stand(rootPid, since);
  }

  private int stand(long rootPid, long since) throws IOException, InterruptedException {
    var settings =
        new MeshSettings(manifests, state, launcher(), id, rootPid, Map.<String, String>of());
    report.begin("mesh-up", "");
    try (Mesh mesh = Mesh.start(settings, report::note)) {
      StepResult up = awaitStanding(mesh, since);
      report.step(up);
      report.text(Hints.of(mesh, launcher()));
      Thread.currentThread().join();
    }
    return 0;
  }

  private int story(long rootPid, long since) throws IOException {
    Scratch scratch = Scratch.copy(manifests, state.resolve("manifests"));
    var settings =
        new MeshSettings(scratch.folder(), state, launcher(), id, rootPid, Story.ztunnelSettings());
    report.begin("mesh-up", "");
    int good = 0;
    int all = 1;
    try (Mesh mesh = Mesh.start(settings, report::note)) {
      StepResult up = awaitStanding(mesh, since);
      report.step(up);
      if (up.ok()) {
        good++;
        List<StepResult> results = Story.run(mesh, scratch, report);
        all += results.size();
        good += (int) results.stream().filter(StepResult::ok).count();
      }
    }
    Files.writeString(state.resolve(SCORE), good + " " + all);
    return good == all ? 0 : 1;
  }

  private StepResult awaitStanding(Mesh mesh, long since) {
    boolean standing = Await.until(STANDING_LIMIT, () -> mesh.missing().isEmpty());
    long millis = System.currentTimeMillis() - since;
    var figures = new LinkedHashMap<String, Object>();
    figures.put("millis", millis);
    figures.put("nodes", mesh.nodes().size());
    figures.put("pods", mesh.pods().size());
    figures.put("daemons", 1 + 2 * mesh.nodes().size());
    String trouble =
        standing ? "" : "got no sign of " + String.join(", ", mesh.missing()) + ", expected all up";
    return new StepResult(
        "mesh-up",
        "nodes, pods and daemons are up and ready",
        figures,
        trouble,
        Duration.ofMillis(millis));
  }

  private static Path launcher() {
    return Path.of(System.getenv().getOrDefault("AMBIT_HOME", "."), "bin", "ambit");
  }

  private static void endWith(BufferedReader stdin) {
    try {
      while (stdin.readLine() != null) {
        // Nothing more is ever said; only the end counts.
      }
    } catch (IOException e) {
      // As good as the end.
    }
    // Not exit: nothing in here needs an orderly end, the kernel removes all of it.
    Runtime.getRuntime().halt(INTERRUPTED);
  }
}
