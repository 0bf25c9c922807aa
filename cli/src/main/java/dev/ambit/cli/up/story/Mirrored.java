package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/** One version answers, another gets copies. */
final class Mirrored implements Step {
  @Override
  public String name() {
    return "mirrored";
  }

  @Override
  public String claim() {
    return "each request is copied to another version, whose answers nobody waits for";
  }

  private static final int REQUESTS = 50;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    stage.manifests().add("mirror.yaml");
    try {
      boolean acts = Await.until(Market.LIMIT, () -> copies(stage));
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "copies at v2", "none", "some");
      Answers answers = Answers.of(stage, Stage.CLIENT, Market.URL + "/mirror", REQUESTS);
      int v1 = answers.saying("reviews v1");
      int copies = Market.awaitSeen(stage, Market.V2, "/mirror", REQUESTS);
      figures.put("answered_by_v1", v1);
      figures.put("copies_at_v2", copies);
      Unmet.unless(v1 == REQUESTS, "answers of v1", v1, "all of " + REQUESTS);
      Unmet.unless(copies == REQUESTS, "copies v2 has seen", copies, "one of each request");
    } finally {
      stage.manifests().remove("mirror.yaml");
    }
  }

  /** Both servers see the same request. */
  private static boolean copies(Stage stage) throws IOException {
    String path = "/mirror-" + System.nanoTime();
    stage.get(Stage.CLIENT, Market.URL + path);
    return Market.seen(stage, Market.V1, path).size() == 1
        && Await.until(
            Duration.ofMillis(300), () -> Market.seen(stage, Market.V2, path).size() == 1);
  }
}
