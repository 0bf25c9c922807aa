package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** A path that nobody may ask for. */
final class PathDenied implements Step {
  @Override
  public String name() {
    return "path-denied";
  }

  @Override
  public String claim() {
    return "a policy on paths holds however the path is written; the server never sees it";
  }

  private static final List<String> SPELLINGS =
      List.of("/admin", "/admin/users", "/./admin", "/x/../admin", "/%61dmin", "/admin?a=b");

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Instant start = Instant.now();
    int before = status(stage, "/admin/before");
    Unmet.unless(before == 200, "before", before, "200");
    stage.manifests().add("admin-deny.yaml");
    try {
      boolean acts = Await.until(Market.LIMIT, () -> status(stage, "/admin/first") == 403);
      figures.millis("acts_after_ms", start, Instant.now());
      Unmet.unless(acts, "/admin", status(stage, "/admin"), "403");
      for (String spelling : SPELLINGS) {
        int status = status(stage, spelling);
        Unmet.unless(status == 403, spelling, status, "403");
      }
      Answers others = Answers.of(stage, Stage.CLIENT, Market.URL + "/administrator", 10);
      Unmet.unless(others.with(200) == 10, "/administrator", others.statuses(), "200");
      int seen = served(stage);
      figures.put("spellings_denied", SPELLINGS.size());
      figures.put("seen_by_servers", seen);
      Unmet.unless(seen == 0, "requests to /admin at the servers", seen, "none");
      Run.Outcome why =
          stage.ambit(
              "why", Stage.CLIENT, "reviews.market:80", "--method", "GET", "--path", "/admin");
      figures.put("why_names_the_policy", why.out().contains("no-admin"));
      Unmet.unless(
          why.exit() == 1 && why.out().contains("no-admin"),
          "ambit why --path /admin",
          why,
          "denied, by no-admin");
    } finally {
      stage.manifests().remove("admin-deny.yaml");
    }
  }

  /** Requests that look like any of the spellings, but for those made before it was denied. */
  private static int served(Stage stage) throws IOException {
    String log = Market.log(stage, Market.V1) + Market.log(stage, Market.V2);
    return (int)
        log.lines()
            .filter(line -> line.contains("dmin") && !line.contains("administrator"))
            .filter(line -> !line.contains("before") && !line.contains("first"))
            .count();
  }

  private static int status(Stage stage, String path) {
    Answers one = Answers.of(stage, Stage.CLIENT, Market.URL + path, 1, "--path-as-is");
    return one.count() == 1 ? one.all().getFirst().status() : 0;
  }
}
