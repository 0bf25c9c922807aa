package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import dev.ambit.cli.up.process.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The controller is killed; a pod is added meanwhile; the controller comes back. */
final class ControllerDown implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final int REQUESTS = 10;
  private static final String LATE = "shop/late";

  @Override
  public String name() {
    return "controller-down";
  }

  @Override
  public String claim() {
    return "without the controller traffic goes on, a new pod waits, nothing turns to plaintext";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    try (Capture link = stage.captureLink()) {
      stage.mesh().controller().hold();
      try {
        whileDown(stage, figures);
      } finally {
        stage.mesh().controller().release();
      }
      Instant released = Instant.now();
      boolean works = Await.until(LIMIT, () -> stage.log("shop.late.curl").contains("200"));
      Unmet.unless(works, "new pod after the controller's return", "no 200", "200");
      figures.millis("new_pod_works_after_ms", released, Instant.now());
      var addresses = stage.capturedAddresses();
      List<Packet> clear = new ArrayList<>(Wire.outsideTunnels(link.stop(), addresses));
      figures.put("packets_outside_tunnels", clear.size());
      Unmet.unless(clear.isEmpty(), "outside tunnels", Wire.sample(clear), "nothing");
    }
    stage.manifests().remove("late.yaml");
  }

  private static void whileDown(Stage stage, Figures figures) throws Exception {
    stage.manifests().add("late.yaml");
    boolean built = Await.until(LIMIT, () -> !stage.mesh().pod(LATE).pod().addresses().isEmpty());
    Unmet.unless(built, "new pod", "no namespace", "one");
    int good = 0;
    for (int i = 0; i < REQUESTS; i++) {
      good += stage.get(Stage.CLIENT, "http://web.shop/down") == 200 ? 1 : 0;
    }
    figures.put("requests_while_down", good);
    Unmet.unless(good == REQUESTS, "requests without controller", good, REQUESTS + " good");
    Conversation lasting = Objects.requireNonNull(stage.lasting, "no open connection");
    lasting.ask("controller is down");
    boolean early =
        Await.until(Duration.ofMillis(500), () -> stage.log("shop.late.curl").contains("200"));
    Unmet.unless(!early, "new pod without a certificate", "an answer", "none");
  }
}
