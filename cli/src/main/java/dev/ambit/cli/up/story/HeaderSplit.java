package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Instant;

/** A header chooses the version. */
final class HeaderSplit implements Step {
  @Override
  public String name() {
    return "header-split";
  }

  @Override
  public String claim() {
    return "a header decides which version answers";
  }

  private static final int REQUESTS = 50;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    stage.manifests().add("testers.yaml");
    try {
      boolean acts = Await.until(Market.LIMIT, () -> testers(stage, 10).saying("reviews v2") == 10);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "testers", testers(stage, 10).statuses(), "answers of v2 only");
      Answers testers = testers(stage, REQUESTS);
      Answers others = Answers.of(stage, Stage.CLIENT, Market.URL + "/split", REQUESTS);
      figures.put("testers_at_v2", testers.saying("reviews v2"));
      figures.put("others_at_v1", others.saying("reviews v1"));
      Unmet.unless(
          testers.saying("reviews v2") == REQUESTS, "testers", testers.statuses(), "all at v2");
      Unmet.unless(
          others.saying("reviews v1") == REQUESTS, "others", others.statuses(), "all at v1");
    } finally {
      stage.manifests().remove("testers.yaml");
    }
  }

  private static Answers testers(Stage stage, int count) {
    return Answers.of(stage, Stage.CLIENT, Market.URL + "/split", count, "-H", "x-user: tester");
  }
}
