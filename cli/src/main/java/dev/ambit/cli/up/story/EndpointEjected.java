package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Duration;
import java.time.Instant;

/** One of two servers turns bad and good again. */
final class EndpointEjected implements Step {
  @Override
  public String name() {
    return "bad-endpoint-ejected-and-back";
  }

  @Override
  public String claim() {
    return "a server that fails in a row gets nothing for a while, and is tried again";
  }

  private static final int REQUESTS = 100;
  private static final int FAILURES = 3;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String url = Market.URL + "/eject";
    stage.manifests().add("outlier.yaml");
    try {
      boolean both =
          Await.until(
              Market.LIMIT, () -> Answers.of(stage, Stage.CLIENT, url, 20).saying("v2") > 0);
      Unmet.unless(both, "before", "no answer of v2", "some");
      stage.inPod(Market.V2, "touch", "/tmp/bad");
      Instant bad = Instant.now();
      boolean ejected =
          Await.until(Market.LIMIT, () -> Answers.of(stage, Stage.CLIENT, url, 10).with(200) == 10);
      figures.millis("ejected_after_ms", bad, Instant.now());
      Unmet.unless(ejected, "requests with a bad server", "500", "200 of the other one");
      int before = Market.seen(stage, Market.V2, "/eject").size();
      Answers during = Answers.of(stage, Stage.CLIENT, url, REQUESTS);
      int more = Market.seen(stage, Market.V2, "/eject").size() - before;
      figures.put("good_while_ejected", during.with(200));
      figures.put("sent_to_the_bad_one", more);
      Unmet.unless(
          during.with(200) >= REQUESTS - FAILURES,
          "requests while it is ejected",
          during.statuses(),
          "at most " + FAILURES + " failures");
      stage.inPod(Market.V2, "rm", "/tmp/bad");
      Instant mended = Instant.now();
      boolean back =
          Await.until(
              Duration.ofSeconds(12),
              () -> Answers.of(stage, Stage.CLIENT, url, 20).saying("reviews v2") > 0);
      figures.millis("back_after_ms", mended, Instant.now());
      Unmet.unless(back, "the mended server", "no request", "its share again");
    } finally {
      stage.inPod(Market.V2, "rm", "-f", "/tmp/bad");
      stage.manifests().remove("outlier.yaml");
    }
  }
}
