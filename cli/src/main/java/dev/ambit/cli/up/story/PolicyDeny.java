package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.time.Duration;
import java.time.Instant;

/** A policy that lets only the web servers speak to the cache. */
final class PolicyDeny implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int REDIS = 6379;

  @Override
  public String name() {
    return "policy-deny";
  }

  @Override
  public String claim() {
    return "a policy that allows only web's identity keeps the client from the cache";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Unmet.unless(ping(stage, Stage.CLIENT), "client before the policy", "no PONG", "PONG");
    Instant start = Instant.now();
    stage.manifests().add("cache-allow.yaml");
    boolean denied = Await.until(LIMIT, () -> !ping(stage, Stage.CLIENT));
    figures.millis("denied_after_ms", start, Instant.now());
    Unmet.unless(denied, "client under the policy", "PONG", "no answer");
    int good = 0;
    int bad = 0;
    for (int i = 0; i < 5; i++) {
      good += ping(stage, Stage.WEB_A) && ping(stage, Stage.WEB_B) ? 1 : 0;
      bad += ping(stage, Stage.CLIENT) ? 1 : 0;
    }
    figures.put("allowed_good", good * 2);
    figures.put("denied_good", bad);
    Unmet.unless(good == 5, "web under the policy", good + " of 5", "every PONG");
    Unmet.unless(bad == 0, "client under the policy", bad + " PONGs", "none");
    long left = stage.mesh().pod(Stage.CACHE).established(REDIS);
    figures.put("connections_at_the_cache", left);
    Unmet.unless(left == 0, "connections the cache's kernel knows", left, "none");
  }

  static boolean ping(Stage stage, String pod) {
    return stage
        .inPod(pod, "timeout", "3", "redis-cli", "-h", "cache.shop", "ping")
        .out()
        .strip()
        .equals("PONG");
  }
}
