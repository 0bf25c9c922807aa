package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Duration;
import java.time.Instant;

/** PeerAuthentication STRICT for the namespace. */
final class StrictRefuses implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  @Override
  public String name() {
    return "strict-refuses";
  }

  @Override
  public String claim() {
    return "under STRICT the plain caller is refused, the mesh goes on";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String web = "http://" + stage.ipv4(Stage.WEB_A) + ":8080/strict";
    String web6 = "http://[" + stage.ipv6(Stage.WEB_A) + "]:8080/strict";
    Instant start = Instant.now();
    stage.manifests().add("strict.yaml");
    boolean refused = Await.until(LIMIT, () -> stage.get(Stage.OUTSIDER, web) == 0);
    figures.millis("refused_after_ms", start, Instant.now());
    Unmet.unless(refused, "outsider under STRICT", 200, "no answer");
    int plain6 = stage.get(Stage.OUTSIDER, web6);
    Unmet.unless(plain6 == 0, "outsider over IPv6", plain6, "no answer");
    int mesh = stage.get(Stage.CLIENT, web) + stage.get(Stage.CLIENT, web6);
    Unmet.unless(mesh == 400, "client under STRICT", mesh, "200 twice");
    figures.put("mesh_requests", 2);
    stage.manifests().remove("strict.yaml");
    boolean again = Await.until(LIMIT, () -> stage.get(Stage.OUTSIDER, web) == 200);
    Unmet.unless(again, "outsider after STRICT", "no answer", "200");
  }
}
