package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import dev.ambit.cli.up.process.Supervised;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** kill -9 on the client's node. */
final class ZtunnelKilled implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final int SETTLED_REQUESTS = 5;

  @Override
  public String name() {
    return "ztunnel-killed";
  }

  @Override
  public String claim() {
    return "ztunnel killed with -9 comes back by itself; meanwhile nothing leaves in plaintext";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Supervised ztunnel =
        stage.node("node-a").ztunnel().orElseThrow(() -> new IllegalStateException("no ztunnel"));
    String web = "http://" + stage.ipv4(Stage.WEB_B) + ":8080/killed";
    try (Capture link = stage.captureLink();
        Prober prober = stage.probe(Stage.CLIENT, web)) {
      Unmet.unless(prober.awaitGood(SETTLED_REQUESTS, LIMIT), "requests", prober.bad(), "good");
      long pid = ztunnel.running().orElseThrow().pid();
      Instant killed = Instant.now();
      ztunnel.kill();
      boolean back = prober.awaitGood(SETTLED_REQUESTS, LIMIT);
      Unmet.unless(back, "requests after the kill", prober.bad().size() + " failed", "recovery");
      Instant first =
          prober.probes().stream()
              .filter(probe -> probe.good() && probe.at().isAfter(killed.plusMillis(50)))
              .map(Prober.Probe::at)
              .findFirst()
              .orElse(Instant.now());
      figures.millis("recovered_after_ms", killed, first);
      figures.put("failed_meanwhile", prober.bad().size());
      long now = ztunnel.running().orElseThrow().pid();
      Unmet.unless(now != pid, "process id", now, "another than " + pid);
      List<Packet> clear = Wire.outsideTunnels(link.stop(), stage.capturedAddresses());
      figures.put("packets_outside_tunnels", clear.size());
      Unmet.unless(clear.isEmpty(), "outside tunnels", Wire.sample(clear), "nothing");
    }
  }
}
