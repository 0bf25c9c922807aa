package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Stream;

/** A namespace is taken into the mesh and given a waypoint, while its servers run. */
final class WaypointUp implements Step {
  private static final String MARKER = "market-1618033988";

  @Override
  public String name() {
    return "waypoint-up";
  }

  @Override
  public String claim() {
    return "one command gives a running namespace a waypoint; its requests pass it, encrypted";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    long pid = nginx(stage);
    Unmet.unless(stage.get(Stage.CLIENT, Market.URL) == 200, "before", "no 200", "200");
    Run.Outcome enrolled = stage.ambit("namespace", "enrol", Market.NAMESPACE);
    Unmet.unless(enrolled.ok(), "ambit namespace enrol", enrolled, "exit 0");
    Instant start = Instant.now();
    Run.Outcome up =
        stage.ambit(
            "waypoint",
            "apply",
            "-n",
            Market.NAMESPACE,
            "--enroll-namespace",
            "--wait",
            "--waypoint-timeout",
            "40s");
    Unmet.unless(up.ok(), "ambit waypoint apply", up, "exit 0");
    figures.millis("up_after_ms", start, Instant.now());
    boolean through = Await.until(Market.LIMIT, () -> passes(stage, "/through"));
    figures.millis("first_request_through_after_ms", start, Instant.now());
    Unmet.unless(
        through,
        "what the servers saw",
        Market.seen(stage, Market.V1, "/through"),
        "callers among " + Market.waypointAddresses(stage));
    int requests = 20;
    try (Capture link = stage.captureLink()) {
      Answers answers = Answers.of(stage, Stage.CLIENT, Market.URL + "/" + MARKER, requests);
      Unmet.unless(answers.with(200) == requests, "requests", answers.statuses(), "20 times 200");
      int clear = Wire.carrying(link.stop(), MARKER).size();
      figures.put("packets_with_the_secret", clear);
      Unmet.unless(clear == 0, "the secret", clear + " packets", "nowhere on the link");
    }
    Unmet.unless(nginx(stage) == pid, "the server", "another process", "the one from before");
    figures.put("requests", requests);
    figures.put("waypoint_pods", Market.waypoints(stage).size());
    Run.Outcome list = stage.ambit("waypoint", "list", "-n", Market.NAMESPACE, "--no-headers");
    Unmet.unless(list.out().contains("True"), "ambit waypoint list", list, "programmed");
  }

  /** Whether a server sees the waypoint as its caller. */
  private static boolean passes(Stage stage, String path) throws IOException {
    if (stage.get(Stage.CLIENT, Market.URL + path) != 200) {
      return false;
    }
    Set<String> waypoints = Market.waypointAddresses(stage);
    return Stream.of(Market.V1, Market.V2)
        .flatMap(pod -> seen(stage, pod, path))
        .anyMatch(line -> waypoints.contains(line.substring(0, line.indexOf(' '))));
  }

  private static Stream<String> seen(Stage stage, String pod, String path) {
    try {
      return Market.seen(stage, pod, path).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The process that serves in the first pod. */
  private static long nginx(Stage stage) {
    String said = stage.inPod(Market.V1, "pgrep", "-o", "nginx").out().strip();
    return said.isEmpty() ? 0 : Long.parseLong(said);
  }
}
