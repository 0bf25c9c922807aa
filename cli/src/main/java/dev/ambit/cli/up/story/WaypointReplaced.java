package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The waypoint gets new pods while it is in use. */
final class WaypointReplaced implements Step {
  @Override
  public String name() {
    return "waypoint-replaced-under-load";
  }

  @Override
  public String claim() {
    return "a waypoint is replaced by a new pod while requests run; none fails";
  }

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int SETTLED_REQUESTS = 20;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Set<String> before = names(stage);
    try (Prober prober = stage.probe(Stage.CLIENT, Market.URL + "/replaced")) {
      Unmet.unless(
          prober.awaitGood(SETTLED_REQUESTS, LIMIT), "requests", prober.bad(), "good ones");
      Instant start = Instant.now();
      stage.manifests().restart(Market.NAMESPACE, "waypoint");
      boolean replaced =
          Await.until(
              LIMIT,
              () -> {
                Set<String> now = names(stage);
                return !now.isEmpty() && now.stream().noneMatch(before::contains);
              });
      figures.millis("replaced_after_ms", start, Instant.now());
      Unmet.unless(replaced, "pods of the waypoint", names(stage), "others than " + before);
      boolean settled = prober.awaitGood(SETTLED_REQUESTS * 2, LIMIT);
      figures.put("pods_before", String.join(",", before));
      figures.put("pods_after", String.join(",", names(stage)));
      figures.put("requests", prober.probes().size());
      figures.put("failed", prober.bad().size());
      Unmet.unless(settled && prober.bad().isEmpty(), "requests", prober.bad(), "none to fail");
    }
    Set<String> callers = Market.waypointAddresses(stage);
    String last = Market.seen(stage, Market.V2, "/replaced").getLast();
    Unmet.unless(
        callers.contains(last.substring(0, last.indexOf(' '))),
        "caller the server saw last",
        last,
        "one of " + callers);
  }

  private static Set<String> names(Stage stage) {
    return Market.waypoints(stage).stream()
        .map(pod -> pod.pod().metadata().name())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
