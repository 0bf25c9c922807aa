package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.Dump;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.daemon.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit connections}: what is open, and what is open past the mesh. */
@Command(
    name = "connections",
    aliases = {"connection", "c"},
    description = {
      "Lists the open connections of captured pods.",
      "Those opened before their pod was captured go on un-proxied; they are 'unprotected'."
    })
final class ConnectionsCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--raw", description = "Shows addresses instead of names.")
  private boolean raw;

  @Option(
      names = "--direction",
      paramLabel = "DIRECTION",
      description = "Only inbound or outbound ones.")
  private String direction = "";

  ConnectionsCommand(Ink ink) {
    this.ink = ink;
  }

  private record Row(
      String node,
      String namespace,
      String pod,
      String direction,
      String local,
      String remote,
      String target,
      String protocol,
      String security) {
    ObjectNode json() {
      return Json.object()
          .put("node", node)
          .put("namespace", namespace)
          .put("pod", pod)
          .put("direction", direction)
          .put("local", local)
          .put("remote", remote)
          .put("remoteTarget", target)
          .put("protocol", protocol)
          .put("security", security);
    }
  }

  @Override
  public Integer call() {
    RunningMesh mesh = asking.meshOfNode();
    List<Dump> dumps = mesh.dumps();
    List<Row> rows = new ArrayList<>();
    for (Dump dump : dumps) {
      dump.json().path("workloadState").forEach(state -> add(rows, dump.node(), state));
    }
    for (RunningMesh.Said said : mesh.askAgents("/unprotected")) {
      said.page().forEach(connection -> rows.add(unprotected(said.node(), connection)));
    }
    rows.removeIf(row -> !asking.wantsNamespace(row.namespace()));
    rows.removeIf(row -> !direction.isEmpty() && !row.direction().equalsIgnoreCase(direction));
    rows.sort(
        Comparator.comparing(Row::namespace)
            .thenComparing(Row::pod)
            .thenComparing(Row::direction)
            .thenComparing(Row::local)
            .thenComparing(Row::remote));
    return asking.show(rows, table(new Knowledge(dumps)), spec, ink);
  }

  private static void add(List<Row> rows, String node, JsonNode state) {
    String name = state.path("info").path("name").asString("");
    String namespace = state.path("info").path("namespace").asString("");
    for (JsonNode open : state.path("connections").path("inbound")) {
      rows.add(
          new Row(
              node,
              namespace,
              name,
              "Inbound",
              open.path("actualDst").asString(""),
              open.path("src").asString(""),
              open.path("originalDst").asString(""),
              open.path("protocol").asString(""),
              security(open)));
    }
    for (JsonNode open : state.path("connections").path("outbound")) {
      rows.add(
          new Row(
              node,
              namespace,
              name,
              "Outbound",
              open.path("src").asString(""),
              open.path("actualDst").asString(""),
              open.path("originalDst").asString(""),
              open.path("protocol").asString(""),
              security(open)));
    }
  }

  private static String security(JsonNode open) {
    return open.path("protocol").asString("").endsWith("HBONE") ? "mTLS" : "plaintext";
  }

  private static Row unprotected(String node, JsonNode open) {
    String pod = open.path("pod").asString("");
    int slash = pod.indexOf('/');
    return new Row(
        node,
        pod.substring(0, Math.max(slash, 0)),
        pod.substring(slash + 1),
        "Unproxied",
        open.path("local").asString(""),
        open.path("remote").asString(""),
        "",
        "TCP",
        "unprotected");
  }

  private Table<Row> table(Knowledge knowledge) {
    return new Table<Row>(Row::json)
        .column("WORKLOAD", row -> row.pod() + "." + row.namespace())
        .column("DIRECTION", Row::direction)
        .column("LOCAL", row -> shown(knowledge, row.local()))
        .column("REMOTE", row -> shown(knowledge, row.remote()))
        .column("REMOTE TARGET", row -> shown(knowledge, row.target()))
        .column("PROTOCOL", Row::protocol)
        .column("SECURITY", Row::security)
        .column("NODE", Row::node)
        .column("WAYPOINT", row -> knowledge.waypointAt(row.remote()));
  }

  private String shown(Knowledge knowledge, String address) {
    return raw ? address : knowledge.named(address);
  }
}
