package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import java.io.IOException;
import java.time.Instant;

/** A path that needs a token. */
final class JwtRequired implements Step {
  @Override
  public String name() {
    return "jwt-required";
  }

  @Override
  public String claim() {
    return "without a valid token of the issuer nobody gets at the account";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    stage.manifests().add("jwt.yaml");
    try {
      boolean acts = Await.until(Market.LIMIT, () -> status(stage, "/account", "") == 403);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "without a token", status(stage, "/account", ""), "403");
      int seen = served(stage);
      int without = status(stage, "/account", "");
      int forged = status(stage, "/account", stage.manifests().text("forged.jwt").strip());
      int garbage = status(stage, "/account", "not.a.token");
      Unmet.unless(served(stage) == seen, "requests the servers saw", served(stage), seen + "");
      int good = status(stage, "/account", stage.manifests().text("alice.jwt").strip());
      int elsewhere = status(stage, "/public", "");
      figures.put("without", without);
      figures.put("forged", forged);
      figures.put("garbage", garbage);
      figures.put("good", good);
      Unmet.unless(without == 403, "without a token", without, "403");
      Unmet.unless(forged == 401, "a token signed by somebody else", forged, "401");
      Unmet.unless(garbage == 401, "what is no token", garbage, "401");
      Unmet.unless(good == 200, "a good token", good, "200");
      Unmet.unless(elsewhere == 200, "another path", elsewhere, "200");
    } finally {
      stage.manifests().remove("jwt.yaml");
    }
  }

  private static int served(Stage stage) throws IOException {
    return Market.seen(stage, Market.V1, "/account").size()
        + Market.seen(stage, Market.V2, "/account").size();
  }

  private static int status(Stage stage, String path, String token) {
    Answers one =
        token.isEmpty()
            ? Answers.of(stage, Stage.CLIENT, Market.URL + path, 1)
            : Answers.of(
                stage, Stage.CLIENT, Market.URL + path, 1, "-H", "authorization: Bearer " + token);
    return one.count() == 1 ? one.all().getFirst().status() : 0;
  }
}
