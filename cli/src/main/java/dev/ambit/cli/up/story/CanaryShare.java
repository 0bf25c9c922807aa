package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Instant;

/** Nine tenths of the traffic to one version, one tenth to the other. */
final class CanaryShare implements Step {
  @Override
  public String name() {
    return "canary-90-10";
  }

  @Override
  public String claim() {
    return "weights of an HTTPRoute split the requests of one connection";
  }

  /** Five standard deviations of the share of 1000 requests: missed once in two million runs. */
  private static final int REQUESTS = 1000;

  private static final int EXPECTED = 100;
  private static final int BOUND = 48;

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    stage.manifests().add("canary.yaml");
    try {
      String probe = Market.URL + "/canary-begins";
      boolean acts =
          Await.until(
              Market.LIMIT,
              () -> Answers.of(stage, Stage.CLIENT, probe, 40).saying("reviews v2") < 12);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "share of v2", "as without the route", "about a tenth");
      Answers answers = Answers.of(stage, Stage.CLIENT, Market.URL + "/canary", REQUESTS);
      int v1 = answers.saying("reviews v1");
      int v2 = answers.saying("reviews v2");
      figures.put("requests", REQUESTS);
      figures.put("v1", v1);
      figures.put("v2", v2);
      figures.put("bound", EXPECTED + "±" + BOUND);
      Unmet.unless(v1 + v2 == REQUESTS, "good answers", v1 + v2, "all of " + REQUESTS);
      Unmet.unless(Math.abs(v2 - EXPECTED) <= BOUND, "answers of v2", v2, EXPECTED + " ± " + BOUND);
      int seen = Market.awaitSeen(stage, Market.V2, "/canary", v2);
      figures.put("seen_by_v2", seen);
      Unmet.unless(seen == v2, "requests v2 has seen", seen, v2 + ", as many as it answered");
    } finally {
      stage.manifests().remove("canary.yaml");
    }
  }
}
