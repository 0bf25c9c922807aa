package dev.ambit.cli.up.story;

import dev.ambit.cli.up.mesh.NodeHost;
import dev.ambit.cli.up.process.Await;
import dev.ambit.daemon.AdminClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/** The connection that was open before the label goes on, and is listed for what it is. */
final class OpenConnectionSurvives implements Step {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int EXCHANGES = 5;

  @Override
  public String name() {
    return "open-connection-survives-enrolment";
  }

  @Override
  public String claim() {
    return "a connection older than the label goes on, and is listed as unprotected until it ends";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    Conversation early = Objects.requireNonNull(stage.early, "no connection from before");
    for (int i = 0; i < EXCHANGES; i++) {
      String line = "still here " + i;
      String answer = early.ask(line);
      Unmet.unless(answer.equals(line), "echo", answer, line);
    }
    figures.put("exchanges_after_label", EXCHANGES);
    String echo = stage.ipv4(Stage.ECHO) + ":" + Stage.ECHO_PORT;
    NodeHost node = stage.node("node-a");
    boolean listed = Await.until(LIMIT, () -> unprotected(node).contains(echo));
    Unmet.unless(listed, "/unprotected of node-a", unprotected(node), "an entry with " + echo);
    early.close();
    boolean gone = Await.until(LIMIT, () -> !unprotected(node).contains(echo));
    Unmet.unless(gone, "/unprotected after its end", unprotected(node), "no entry with " + echo);
    figures.put("listed_unprotected", true);
  }

  private static String unprotected(NodeHost node) throws IOException {
    byte[] page = AdminClient.get(node.cniAdmin(), "/unprotected", LIMIT);
    return new String(page, StandardCharsets.UTF_8);
  }
}
