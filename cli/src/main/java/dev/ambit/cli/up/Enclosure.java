package dev.ambit.cli.up;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.report.Report;
import dev.ambit.cli.up.report.StepResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The process around a mesh. It starts {@link Inside} as first program of new network, mount and
 * process namespaces, and looks afterwards whether anything is left. The inner program ends when
 * its standard input does, which the kernel sees to whatever ends this process; and {@code setpriv
 * --pdeathsig} with {@code unshare --kill-child} kill it even if it hangs.
 */
final class Enclosure {
  private static final Duration GRACE = Duration.ofSeconds(15);
  private static final int INTERRUPTED = 130;

  private final StateFolder state;
  private final Path manifests;
  private final Report report;
  private final @Nullable Path logs;
  private final String id = UUID.randomUUID().toString();
  private boolean finished;

  Enclosure(StateFolder state, Path manifests, Report report, @Nullable Path logs) {
    this.state = state;
    this.manifests = manifests;
    this.report = report;
    this.logs = logs;
  }

  int run(boolean once, String output) throws IOException, InterruptedException {
    boolean root = Privileges.root();
    List<String> unshare;
    try {
      Privileges.checkTools(once);
      unshare = Privileges.unshare(root);
      state.take(id);
    } catch (IOException e) {
      report.note("ambit up: " + e.getMessage());
      return 69;
    }
    Traces before = Traces.take(manifests, root);
    Process mesh = start(unshare, once, output);
    var hook = new Thread(() -> interrupted(mesh, before));
    Runtime.getRuntime().addShutdownHook(hook);
    int code = mesh.waitFor();
    boolean clean = finish(before, once);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return INTERRUPTED;
    }
    return code == 0 && !clean ? 1 : code;
  }

  private Process start(List<String> unshare, boolean once, String output)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "setsid"));
    command.addAll(unshare);
    // Bash stays as first process of the namespace: it buries the orphans of all pods.
    command.addAll(List.of("bash", "-c", "\"$@\"; exit $?", "ambit-mesh"));
    command.add(launcher().toString());
    command.addAll(List.of("up", "--inside", id, "-o", output));
    command.addAll(List.of("-f", manifests.toString(), "--state", state.path().toString()));
    if (once) {
      command.add("--once");
    }
    var builder = new ProcessBuilder(command);
    builder.environment().put("AMBIT_MESH", id);
    builder.environment().put("AMBIT_UP_SINCE", Long.toString(began()));
    builder
        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
        .redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    Optional<ProcessHandle> first =
        Await.value(Duration.ofSeconds(10), () -> process.children().findFirst());
    String line = first.map(ProcessHandle::pid).orElse(0L) + "\n";
    OutputStream stdin = process.getOutputStream();
    try {
      stdin.write(line.getBytes(StandardCharsets.US_ASCII));
      stdin.flush();
    } catch (IOException e) {
      // It has ended already; its exit code tells.
    }
    return process;
  }

  private static Path launcher() {
    String home = System.getenv("AMBIT_HOME");
    if (home == null) {
      throw new IllegalStateException("AMBIT_HOME: got nothing, expected bin/ambit to set it");
    }
    return Path.of(home, "bin", "ambit");
  }

  private static long began() {
    return ProcessHandle.current().info().startInstant().orElseGet(Instant::now).toEpochMilli();
  }

  /** Ctrl-C or SIGTERM: ends the mesh, then says what is left. */
  private void interrupted(Process mesh, Traces before) {
    try {
      mesh.getOutputStream().close();
    } catch (IOException e) {
      // The pipe is gone, so is the reader.
    }
    try {
      if (!mesh.waitFor(GRACE.toSeconds(), TimeUnit.SECONDS)) {
        mesh.destroyForcibly().waitFor();
      }
      finish(before, false);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Removes the state folder and looks for traces; only the first call does anything. */
  private synchronized boolean finish(Traces before, boolean asStep) {
    if (finished) {
      return true;
    }
    finished = true;
    Instant start = Instant.now();
    List<String> names = Traces.namesIn(state.path());
    int[] score = score();
    String trouble = "";
    try {
      if (logs != null) {
        state.keepLogs(logs);
      }
      state.remove();
    } catch (IOException e) {
      trouble = e.getMessage() + "\n";
    }
    Traces.Difference difference = before.compare(id, names);
    StepResult result =
        new StepResult(
            "nothing-left-behind",
            "the mesh has ended; no namespace, process, rule or file of it is left",
            difference.figures(),
            (trouble + difference.trouble()).strip(),
            Duration.between(start, Instant.now()));
    if (asStep) {
      report.step(result);
      report.text(
          "%d of %d steps are right, %d s"
              .formatted(
                  score[0] + (result.ok() ? 1 : 0),
                  score[1] + 1,
                  (System.currentTimeMillis() - began()) / 1000));
    } else {
      report.note(
          result.ok() ? "the mesh is gone; nothing is left of it" : "left: " + result.trouble());
    }
    return result.ok();
  }

  /** Steps that were right, and all that were tried. */
  private int[] score() {
    try {
      String[] words = Files.readString(state.path().resolve(Inside.SCORE)).split(" ");
      return new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])};
    } catch (IOException e) {
      return new int[] {0, 1};
    }
  }
}
