package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/** A limit of requests at a time. */
final class BreakerFailsFast implements Step {
  @Override
  public String name() {
    return "breaker-fails-fast";
  }

  @Override
  public String claim() {
    return "what a busy service cannot take is refused at once and never reaches it";
  }

  private static final int REQUESTS = 10;
  private static final int AT_ONCE_MS = 500;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String url = Market.URL + "/slow";
    // What earlier steps wrote is taken back in its own time.
    boolean all =
        Await.until(
            Market.LIMIT,
            () -> Answers.atOnce(stage, Stage.CLIENT, url, REQUESTS).with(200) == REQUESTS);
    Unmet.unless(all, "before", "some refused or late", "all 200");
    Instant start = Instant.now();
    stage.manifests().add("breaker.yaml");
    try {
      boolean acts =
          Await.until(
              Market.LIMIT, () -> Answers.atOnce(stage, Stage.CLIENT, url, REQUESTS).with(503) > 0);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "under the limit", "no 503", "some");
      int known = served(stage);
      Answers answers = Answers.atOnce(stage, Stage.CLIENT, url, REQUESTS);
      int good = answers.with(200);
      int refused = answers.with(503);
      figures.put("good", good);
      figures.put("refused", refused);
      figures.put("slowest_refusal_ms", answers.slowest(503));
      Unmet.unless(good >= 1 && good <= 3, "good answers", answers.statuses(), "1 to 3");
      Unmet.unless(good + refused == REQUESTS, "answers", answers.statuses(), "200 or 503");
      Unmet.unless(
          answers.slowest(503) < AT_ONCE_MS,
          "slowest refusal",
          answers.slowest(503) + " ms",
          "under " + AT_ONCE_MS + " ms");
      boolean same = Await.until(Duration.ofSeconds(2), () -> served(stage) - known == good);
      figures.put("seen_by_servers", served(stage) - known);
      Unmet.unless(same, "requests the servers saw", served(stage) - known, good + "");
    } finally {
      stage.manifests().remove("breaker.yaml");
    }
    boolean free =
        Await.until(
            Market.LIMIT,
            () -> Answers.atOnce(stage, Stage.CLIENT, url, REQUESTS).with(200) == REQUESTS);
    Unmet.unless(free, "without the limit", "503", "all 200");
  }

  private static int served(Stage stage) throws IOException {
    return Market.seen(stage, Market.V1, "/slow").size()
        + Market.seen(stage, Market.V2, "/slow").size();
  }
}
