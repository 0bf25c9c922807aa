package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Instant;

/** A server that fails is tried no more; another answers. */
final class Retried implements Step {
  @Override
  public String name() {
    return "retried";
  }

  @Override
  public String claim() {
    return "who is refused by one server is tried at another; the client sees only the good answer";
  }

  private static final int REQUESTS = 50;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Answers before = Answers.of(stage, Stage.CLIENT, Market.URL + "/flaky", REQUESTS);
    figures.put("failed_before", before.with(503));
    Unmet.unless(before.with(503) > 0, "without retries", before.statuses(), "some 503");
    Instant start = Instant.now();
    stage.manifests().add("retry.yaml");
    try {
      boolean acts =
          Await.until(
              Market.LIMIT,
              () -> Answers.of(stage, Stage.CLIENT, Market.URL + "/flaky", 20).with(200) == 20);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "with retries", "503", "200");
      int refused = Market.seen(stage, Market.V1, "/flaky").size();
      Answers answers = Answers.of(stage, Stage.CLIENT, Market.URL + "/flaky", REQUESTS);
      int retried = Market.seen(stage, Market.V1, "/flaky").size() - refused;
      figures.put("good", answers.with(200));
      figures.put("refused_by_v1_meanwhile", retried);
      Unmet.unless(answers.with(200) == REQUESTS, "requests", answers.statuses(), "all 200");
      Unmet.unless(retried > 0, "requests v1 has refused", retried, "some");
    } finally {
      stage.manifests().remove("retry.yaml");
    }
  }
}
