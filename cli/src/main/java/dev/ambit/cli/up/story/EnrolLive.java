package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import dev.ambit.cli.up.mesh.PodSandbox;
import dev.ambit.cli.up.process.Await;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Labels the namespace while requests run, and looks at each pod's kernel and at the link. */
final class EnrolLive implements Step {
  private static final String MARKER = "before-the-mesh-3141592";
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int SETTLED_REQUESTS = 5;

  @Override
  public String name() {
    return "enrol-live";
  }

  @Override
  public String claim() {
    return "one label captures running pods; no request fails while it happens";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    plaintextBefore(stage, figures);
    Conversation early = stage.talk(Stage.CLIENT, stage.ipv4(Stage.ECHO), Stage.ECHO_PORT);
    stage.early = early;
    early.hear();
    early.ask("hello before");
    try (Capture link = stage.captureLink();
        Prober prober = stage.probe(Stage.CLIENT, "http://web.shop/live")) {
      Unmet.unless(
          prober.awaitGood(SETTLED_REQUESTS, LIMIT), "requests", prober.bad(), "good ones");
      Instant labelled = Instant.now();
      stage.manifests().enrol(Stage.NAMESPACE);
      List<PodSandbox> pods = stage.captured();
      boolean redirected = Await.until(LIMIT, () -> pods.stream().allMatch(Stage::redirected));
      Instant rules = Instant.now();
      Unmet.unless(
          redirected,
          "redirect rules in the kernel",
          pods.stream().filter(p -> !Stage.redirected(p)).map(PodSandbox::network).toList(),
          "every pod to have them; without are");
      boolean enabled = Await.until(LIMIT, () -> pods.stream().allMatch(p -> enabled(stage, p)));
      Unmet.unless(enabled, "enrolment facts", "not all enabled", "all enabled");
      prober.awaitGood(SETTLED_REQUESTS * 2, LIMIT);
      stage.enrolment = link.stop();
      Optional<Packet> tunnel =
          stage.enrolment.stream()
              .filter(p -> p.destinationPort() == Stage.TUNNEL_PORT)
              .findFirst();
      figures.put("pods", pods.size());
      figures.millis("rules_ms", labelled, rules);
      figures.millis("first_tunnel_ms", labelled, tunnel.map(Packet::at).orElse(labelled));
      figures.put("requests", prober.probes().size());
      figures.put("failed", prober.bad().size());
      Unmet.unless(tunnel.isPresent(), "link", "no packet to 15008", "tunnels after the label");
      Unmet.unless(prober.bad().isEmpty(), "requests", prober.bad(), "none to fail");
      long millis = Duration.between(labelled, rules).toMillis();
      Unmet.unless(millis < 1000, "label to rules", millis + " ms", "under 1000 ms");
    }
  }

  /** The same look at the link that later finds nothing must find plaintext now. */
  private static void plaintextBefore(Stage stage, Figures figures) throws Exception {
    try (Capture link = stage.captureLink()) {
      String url = "http://" + stage.ipv4(Stage.WEB_B) + ":8080/" + MARKER;
      Unmet.unless(stage.get(Stage.CLIENT, url) == 200, "web before the mesh", "no 200", "200");
      int seen = Wire.carrying(link.stop(), MARKER).size();
      figures.put("plaintext_packets_before", seen);
      Unmet.unless(seen > 0, "capture before the mesh", "no plaintext", "the request in clear");
    }
  }

  private static boolean enabled(Stage stage, PodSandbox pod) {
    String key = pod.pod().metadata().namespace() + "/" + pod.pod().metadata().name();
    return stage.mesh().enrolled(key).equals(Optional.of(EnrolmentFacts.State.ENABLED));
  }
}
