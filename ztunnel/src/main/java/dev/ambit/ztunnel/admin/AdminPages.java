package dev.ambit.ztunnel.admin;

import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.AdminServer.Request;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.ztunnel.pod.PodRoster;
import dev.ambit.ztunnel.pod.PodRunner;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The pages of the admin server (spec: ztunnel-observability §3). */
public final class AdminPages {
  private static final String DASHBOARD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>ztunnel</title></head>
      <body>
      <h1>Ambit ztunnel</h1>
      <table>
      <tr><td><a href="config_dump">config_dump</a></td><td>everything this proxy knows</td></tr>
      <tr><td><a href="tunnels">tunnels</a></td><td>open tunnels of each pod</td></tr>
      <tr><td><a href="metrics">metrics</a></td><td>counters</td></tr>
      <tr><td><a href="healthz/ready">healthz/ready</a></td><td>whether it is ready</td></tr>
      <tr><td><a href="version">version</a></td><td>what runs</td></tr>
      <tr><td>POST logging</td><td>show and change log levels</td></tr>
      <tr><td>POST quitquitquit</td><td>shut down gracefully</td></tr>
      </table>
      </body>
      </html>
      """;

  private final ConfigDump dump;
  private final Metrics metrics;
  private final Readiness readiness;
  private final Runnable quit;

  /**
   * @param quit begins a graceful shutdown; must not wait for it
   */
  public AdminPages(ConfigDump dump, Metrics metrics, Readiness readiness, Runnable quit) {
    this.dump = dump;
    this.metrics = metrics;
    this.readiness = readiness;
    this.quit = quit;
  }

  public Map<String, AdminServer.Page> pages() {
    return Map.of(
        "/",
        request -> html(DASHBOARD),
        "/config_dump",
        request -> json(Json.pretty(dump.document())),
        "/tunnels",
        request -> json(Json.pretty(tunnels())),
        "/version",
        request -> json(Json.pretty(dump.version())),
        "/metrics",
        metrics.page(),
        "/stats/prometheus",
        metrics.page(),
        "/healthz/ready",
        readiness.page(),
        "/logging",
        Log.page(),
        "/quitquitquit",
        this::quit,
        "/debug/pprof/profile",
        AdminPages::profile);
  }

  private Reply quit(Request request) {
    if (!request.method().equals("POST")) {
      return Reply.text(405, "Invalid HTTP method\n");
    }
    quit.run();
    return Reply.text(200, "shutdown now\n");
  }

  private ArrayNode tunnels() {
    ArrayNode list = Json.array();
    for (PodRoster.Row row : dump.pods().get().values()) {
      for (PodRunner.TunnelRow tunnel : row.tunnels()) {
        ObjectNode one = list.addObject();
        one.put("podUid", tunnel.podUid());
        one.put("pod", row.pod().name());
        one.put("namespace", row.pod().namespace());
        one.put("direction", tunnel.direction());
        one.put("local", tunnel.local());
        one.put("remote", tunnel.remote());
        one.put("sourceIdentity", tunnel.sourceIdentity());
        one.put("destinationIdentity", tunnel.destinationIdentity());
        one.put("streams", tunnel.streams());
        one.put("openedEpochSeconds", tunnel.openedEpochSeconds());
        one.put("state", tunnel.state());
      }
    }
    return list;
  }

  private static Reply html(String body) {
    return new Reply(200, "text/html; charset=utf-8", body.getBytes(StandardCharsets.UTF_8));
  }

  private static Reply json(String body) {
    return Reply.json(body.getBytes(StandardCharsets.UTF_8));
  }

  /** The JVM has a profiler of its own; what is asked is checked as upstream does. */
  private static Reply profile(Request request) {
    if (!within(request, "seconds", 300) || !within(request, "frequency", 1000)) {
      return Reply.text(400, "seconds: expected 1 to 300; frequency: expected 1 to 1000\n");
    }
    return Reply.text(501, "not here: jcmd PID JFR.start profiles this process\n");
  }

  private static boolean within(Request request, String parameter, int most) {
    for (String value : request.query().getOrDefault(parameter, List.of())) {
      if (!value.matches("[1-9][0-9]{0,3}") || Integer.parseInt(value) > most) {
        return false;
      }
    }
    return true;
  }
}
