package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** curl in a loop: a new connection every few milliseconds, each one's fate noted. */
final class Prober implements AutoCloseable {
  private static final String LOOP =
      """
      while :; do
        curl -s -o /dev/null -m 5 -w '%{http_code} %{errormsg}\\n' "$1" || :
        sleep 0.02
      done
      """;

  private final Process loop;
  private final List<Probe> probes = new CopyOnWriteArrayList<>();

  /** One request. */
  record Probe(Instant at, boolean good, String text) {}

  private Prober(Process loop) {
    this.loop = loop;
    Thread.startVirtualThread(this::read);
  }

  static Prober start(Stage stage, String pod, String url) throws IOException {
    List<String> command = stage.mesh().pod(pod).enter(List.of("sh", "-c", LOOP, "probe", url));
    return new Prober(new ProcessBuilder(command).start());
  }

  private void read() {
    try (var reader =
        new BufferedReader(new InputStreamReader(loop.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        probes.add(new Probe(Instant.now(), line.startsWith("200"), line.strip()));
      }
    } catch (IOException e) {
      // The loop was ended.
    }
  }

  List<Probe> probes() {
    return new ArrayList<>(probes);
  }

  List<Probe> bad() {
    return probes.stream().filter(probe -> !probe.good).toList();
  }

  /** Waits until {@code count} requests begun after this call were answered well. */
  boolean awaitGood(int count, Duration limit) {
    Instant now = Instant.now();
    return Await.until(
        limit,
        () ->
            probes.stream().filter(probe -> probe.good && probe.at.isAfter(now)).count() >= count);
  }

  /** Ends the loop; what it noted stays. */
  @Override
  public void close() {
    loop.descendants().forEach(ProcessHandle::destroyForcibly);
    loop.destroyForcibly();
    loop.onExit().join();
  }
}
