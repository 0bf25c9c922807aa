package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Instant;

/** A route with less patience than its server needs. */
final class TimedOut implements Step {
  @Override
  public String name() {
    return "timed-out";
  }

  @Override
  public String claim() {
    return "a slow answer is cut off after the time its route allows";
  }

  private static final int ALLOWED = 300;
  private static final int MOST = 800;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    int patient = stage.get(Stage.CLIENT, Market.URL + "/slow");
    Unmet.unless(patient == 200, "without a limit", patient, "200");
    Instant start = Instant.now();
    stage.manifests().add("timeout.yaml");
    try {
      boolean acts =
          Await.until(Market.LIMIT, () -> stage.get(Stage.CLIENT, Market.URL + "/slow") == 504);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "slow request", stage.get(Stage.CLIENT, Market.URL + "/slow"), "504");
      Answers slow = Answers.of(stage, Stage.CLIENT, Market.URL + "/slow", 3);
      Answers quick = Answers.of(stage, Stage.CLIENT, Market.URL + "/quick", 20);
      figures.put("limit_ms", ALLOWED);
      figures.put("slowest_ms", slow.slowest(504));
      Unmet.unless(slow.with(504) == 3, "slow requests", slow.statuses(), "504");
      long fastest = slow.all().stream().mapToLong(Answers.Answer::millis).min().orElse(0);
      Unmet.unless(
          fastest >= ALLOWED - 20 && slow.slowest(504) < MOST,
          "time to the 504",
          fastest + " to " + slow.slowest(504) + " ms",
          ALLOWED + " to " + MOST + " ms");
      Unmet.unless(quick.with(200) == 20, "quick requests", quick.statuses(), "200");
    } finally {
      stage.manifests().remove("timeout.yaml");
    }
  }
}
