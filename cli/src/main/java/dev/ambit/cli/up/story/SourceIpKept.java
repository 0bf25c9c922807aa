package dev.ambit.cli.up.story;

import java.util.List;
import java.util.Optional;

/** What the servers themselves write down about who called. */
final class SourceIpKept implements Step {
  @Override
  public String name() {
    return "source-ip-kept";
  }

  @Override
  public String claim() {
    return "servers see the caller's own address, over IPv4 and IPv6, on the same node or another";
  }

  @Override
  public void check(Stage stage, Figures figures) throws Exception {
    int seen = 0;
    for (String server : List.of(Stage.WEB_A, Stage.WEB_B)) {
      String log = server.replace('/', '.') + ".nginx";
      seen += nginx(stage, log, stage.ipv4(server), stage.ipv4(Stage.CLIENT));
      seen += nginx(stage, log, stage.ipv6(server), stage.ipv6(Stage.CLIENT));
    }
    figures.put("nginx_log_lines_with_client_address", seen);
    try (Conversation echo = stage.talk(Stage.CLIENT, stage.ipv4(Stage.ECHO), Stage.ECHO_PORT)) {
      Optional<String> greeting = echo.hear();
      String client = stage.ipv4(Stage.CLIENT);
      Unmet.unless(
          greeting.orElse("").contains(client), "echo's greeting", greeting, "one with " + client);
      figures.put("client_ipv4", client);
      figures.put("client_ipv6", stage.ipv6(Stage.CLIENT));
    }
  }

  private static int nginx(Stage stage, String log, String server, String client) throws Unmet {
    String host = server.contains(":") ? "[" + server + "]" : server;
    String path = "/who-" + Integer.toHexString(server.hashCode());
    int status = stage.get(Stage.CLIENT, "http://" + host + ":8080" + path);
    Unmet.unless(status == 200, "request to " + server, status, "200");
    Unmet.unless(
        stage.says(log, client + " GET " + path),
        "log " + log,
        "no such line",
        client + " " + path);
    return 1;
  }
}
