package dev.ambit.cli.up.story;

import java.time.Duration;
import java.time.Instant;

/** A policy against one of two callers, both with a connection open. */
final class PolicyCutsOpen implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  @Override
  public String name() {
    return "policy-cuts-open";
  }

  @Override
  public String claim() {
    return "a policy ends the open connections it forbids, and only those";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    String echo = stage.ipv4(Stage.ECHO);
    try (Conversation forbidden = stage.talk(Stage.WEB_A, echo, Stage.ECHO_PORT);
        Conversation allowed = stage.talk(Stage.CLIENT, echo, Stage.ECHO_PORT)) {
      forbidden.hear();
      forbidden.ask("both");
      allowed.hear();
      allowed.ask("talk");
      Instant start = Instant.now();
      stage.manifests().add("echo-deny.yaml");
      boolean cut = forbidden.ends(LIMIT);
      figures.millis("cut_after_ms", start, Instant.now());
      Unmet.unless(cut, "web's open connection", "open", "cut");
      String answer = allowed.ask("still allowed");
      Unmet.unless(answer.equals("still allowed"), "client's connection", answer, "to go on");
      figures.put("others_cut", 0);
    } finally {
      stage.manifests().remove("echo-deny.yaml");
    }
  }
}
