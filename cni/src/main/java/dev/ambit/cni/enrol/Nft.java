package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Netns;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The {@code nft} program, run inside a namespace: one transaction a call.
 *
 * <p>It enters by {@code nsenter}, not by a thread of ours that stands inside: the JDK starts a
 * thread of its own beside each process, which would keep the pod's namespace alive long after the
 * pod.
 */
final class Nft {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int MOST_MESSAGE = 300;

  /** Few at a time: a node's worth of pods at once must not become a node's worth of processes. */
  private static final Semaphore TURNS = new Semaphore(4);

  private Nft() {}

  /** Applies {@code ruleset} as one transaction: all of it, or nothing and an exception. */
  static void apply(Netns in, String ruleset) {
    run(in, ruleset, "-f", "-");
  }

  /** Every table of the namespace, without the values of counters. */
  static String list(Netns in) {
    return run(in, "", "-s", "list", "ruleset");
  }

  private static String run(Netns in, String input, String... arguments) {
    // The descriptor number means nothing in the child, so the path goes by our process.
    String namespace = "--net=/proc/" + ProcessHandle.current().pid() + "/fd/" + in.descriptor();
    List<String> command = new java.util.ArrayList<>(List.of("nsenter", namespace, "nft"));
    command.addAll(List.of(arguments));
    try {
      TURNS.acquire();
      try {
        return run(command, input);
      } finally {
        TURNS.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PodNetwork.Refused("nft: interrupted");
    } catch (IOException e) {
      throw new PodNetwork.Refused(
          "nft: could not be run (Debian packages nftables, util-linux): " + e.getMessage());
    }
  }

  private static String run(List<String> command, String input)
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
      throw new PodNetwork.Refused("nft: no end within " + PATIENCE.toSeconds() + " s");
    }
    if (process.exitValue() != 0) {
      String message = output.strip();
      throw new PodNetwork.Refused(
          "nft: got exit "
              + process.exitValue()
              + ": "
              + message.substring(0, Math.min(MOST_MESSAGE, message.length())));
    }
    return output;
  }
}
