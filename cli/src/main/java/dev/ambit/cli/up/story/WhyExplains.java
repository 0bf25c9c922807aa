package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import java.time.Duration;

/** {@code ambit why} must say what the wire does, and name the policy that decides. */
final class WhyExplains implements Step {
  private static final String POLICY = "cache-allow";
  private static final int DENIED = 1;

  @Override
  public String name() {
    return "why-explains";
  }

  @Override
  public String claim() {
    return "'ambit why' names the policy that decides, and agrees with what really happens";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Run.Outcome denied = why(stage, Stage.CLIENT);
    boolean reallyDenied = !PolicyDeny.ping(stage, Stage.CLIENT);
    Unmet.unless(
        reallyDenied && denied.exit() == DENIED && denied.out().contains(POLICY),
        "why " + Stage.CLIENT,
        denied,
        "denied, with " + POLICY);
    Run.Outcome allowed = why(stage, Stage.WEB_A);
    Unmet.unless(
        PolicyDeny.ping(stage, Stage.WEB_A) && allowed.ok(),
        "why " + Stage.WEB_A,
        allowed,
        "allowed");
    stage.manifests().remove("cache-allow.yaml");
    boolean free = Await.until(Duration.ofSeconds(5), () -> PolicyDeny.ping(stage, Stage.CLIENT));
    Unmet.unless(free, "client without the policy", "no PONG", "PONG");
    Run.Outcome after = why(stage, Stage.CLIENT);
    Unmet.unless(after.ok(), "why without the policy", after, "allowed");
    figures.put("explained", 3);
    figures.put("deciding_policy", "shop/" + POLICY);
  }

  private static Run.Outcome why(Stage stage, String source) {
    return stage.ambit("why", source, "cache.shop:6379");
  }
}
