package dev.ambit.cli.up.story;

import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import java.time.Duration;
import java.util.Locale;

/** {@code ambit why} must say what the wire does, and name the policy that decides. */
final class WhyExplains implements Step {
  private static final String POLICY = "cache-allow";

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
    String denied = why(stage, Stage.CLIENT);
    boolean reallyDenied = !PolicyDeny.ping(stage, Stage.CLIENT);
    Unmet.unless(
        reallyDenied && denied.contains("denied") && denied.contains(POLICY),
        "why " + Stage.CLIENT,
        denied,
        "denied, with " + POLICY);
    String allowed = why(stage, Stage.WEB_A);
    Unmet.unless(
        PolicyDeny.ping(stage, Stage.WEB_A) && allowed.contains("allowed"),
        "why " + Stage.WEB_A,
        allowed,
        "allowed");
    stage.manifests().remove("cache-allow.yaml");
    boolean free = Await.until(Duration.ofSeconds(5), () -> PolicyDeny.ping(stage, Stage.CLIENT));
    Unmet.unless(free, "client without the policy", "no PONG", "PONG");
    String after = why(stage, Stage.CLIENT);
    Unmet.unless(after.contains("allowed"), "why without the policy", after, "allowed");
    figures.put("explained", 3);
    figures.put("deciding_policy", "shop/" + POLICY);
  }

  private static String why(Stage stage, String source) {
    Run.Outcome outcome = stage.ambit("why", source, "cache.shop:6379");
    return (outcome.out() + outcome.err()).toLowerCase(Locale.ROOT);
  }
}
