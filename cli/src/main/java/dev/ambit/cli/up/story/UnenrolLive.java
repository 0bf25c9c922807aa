package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.mesh.PodSandbox;
import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The label is taken away by the command line, while requests run. */
final class UnenrolLive implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final int SETTLED_REQUESTS = 5;
  private static final String MARKER = "after-the-mesh-5772156";
  private static final int USUAL_IPV4_RULES = 3;

  @Override
  public String name() {
    return "unenrol-live";
  }

  @Override
  public String claim() {
    return "'ambit namespace remove' releases running pods; no request fails, no rule stays";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    List<PodSandbox> pods = stage.captured();
    try (Prober prober = stage.probe(Stage.CLIENT, "http://web.shop/leaving")) {
      Unmet.unless(prober.awaitGood(SETTLED_REQUESTS, LIMIT), "requests", prober.bad(), "good");
      Instant start = Instant.now();
      Run.Outcome remove = stage.ambit("namespace", "remove", Stage.NAMESPACE);
      Unmet.unless(remove.ok(), "ambit namespace remove", remove, "exit 0");
      Instant removed = Instant.now();
      boolean released = Await.until(LIMIT, () -> pods.stream().noneMatch(Stage::redirected));
      figures.millis("command_ms", start, removed);
      figures.millis("released_ms", removed, Instant.now());
      Unmet.unless(released, "redirect rules", "still there", "none");
      boolean clean = Await.until(LIMIT, () -> pods.stream().allMatch(UnenrolLive::clean));
      figures.millis("clean_ms", removed, Instant.now());
      Unmet.unless(clean, "rules and routes", remains(pods), "none");
      prober.awaitGood(SETTLED_REQUESTS, LIMIT);
      figures.put("requests", prober.probes().size());
      figures.put("failed", prober.bad().size());
      Unmet.unless(prober.bad().isEmpty(), "requests", prober.bad(), "none to fail");
    }
    plaintextAgain(stage, figures);
  }

  private static boolean clean(PodSandbox pod) {
    return remains(pod).isEmpty();
  }

  private static String remains(List<PodSandbox> pods) {
    return pods.stream().map(pod -> pod.network() + ": " + remains(pod)).toList().toString();
  }

  private static String remains(PodSandbox pod) {
    String rules = Stage.rules(pod).strip();
    String ip = Run.of("ip", "rule").inNamespace(pod.network()).must();
    String table =
        Run.of("ip", "route", "show", "table", "100").inNamespace(pod.network()).go().out();
    return rules + (ip.lines().count() == USUAL_IPV4_RULES ? "" : ip.strip()) + table.strip();
  }

  private static void plaintextAgain(Stage stage, Figures figures) throws Exception {
    try (Capture link = stage.captureLink()) {
      String url = "http://" + stage.ipv4(Stage.WEB_B) + ":8080/" + MARKER;
      int status = stage.get(Stage.CLIENT, url);
      Unmet.unless(status == 200, "web after the mesh", status, "200");
      int seen = Wire.carrying(link.stop(), MARKER).size();
      figures.put("plaintext_packets_after", seen);
      Unmet.unless(seen > 0, "link after the mesh", "no plaintext", "the request in clear");
    }
  }
}
