package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Netns;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Programs run inside a namespace.
 *
 * <p>They enter by {@code nsenter}, not by a thread of ours that stands inside: the JDK starts a
 * thread of its own beside each process, which would keep the pod's namespace alive long after the
 * pod.
 */
final class Tool {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int MOST_MESSAGE = 300;

  /** Few at a time: a node's worth of pods at once must not become a node's worth of processes. */
  private static final Semaphore TURNS = new Semaphore(4);

  private Tool() {}

  /** Runs {@code command} in a namespace; answers what it printed. */
  static String run(Netns in, String input, String... command) {
    // The descriptor number means nothing in the child, so the path goes by our process.
    String namespace = "--net=/proc/" + ProcessHandle.current().pid() + "/fd/" + in.descriptor();
    List<String> entering = new ArrayList<>(List.of("nsenter", namespace));
    entering.addAll(List.of(command));
    try {
      TURNS.acquire();
      try {
        return run(command[0], entering, input);
      } finally {
        TURNS.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PodNetwork.Refused(command[0] + ": interrupted");
    } catch (IOException e) {
      throw new PodNetwork.Refused(
          command[0]
              + ": could not be run (Debian packages nftables, util-linux): "
              + e.getMessage());
    }
  }

  private static String run(String name, List<String> command, String input)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended without reading: what it printed says why.
    }
    String output;
    try (InputStream in = process.getInputStream()) {
      output = new String(in.readNBytes(MOST_OUTPUT), StandardCharsets.UTF_8);
    }
    if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      throw new PodNetwork.Refused(name + ": no end within " + PATIENCE.toSeconds() + " s");
    }
    if (process.exitValue() != 0) {
      String message = output.strip();
      throw new PodNetwork.Refused(
          name
              + ": got exit "
              + process.exitValue()
              + ": "
              + message.substring(0, Math.min(MOST_MESSAGE, message.length())));
    }
    return output;
  }
}
