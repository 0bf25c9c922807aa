package dev.ambit.cli.inspect;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.Dump;
import dev.ambit.cli.reach.RunningMesh;
import dev.ambit.cli.reach.Unreachable;
import dev.ambit.daemon.Json;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit tunnels}: the HBONE connections that streams share. */
@Command(
    name = "tunnels",
    aliases = "tunnel",
    description = "Lists the tunnels between pods, with the identities both ends proved.")
final class TunnelsCommand implements Callable<Integer> {
  private final Ink ink;
  private final InstantSource clock;

  @Mixin private final Asking asking = new Asking();
  @Spec private CommandSpec spec = CommandSpec.create();

  TunnelsCommand(Ink ink, InstantSource clock) {
    this.ink = ink;
    this.clock = clock;
  }

  /** Fields of {@code tunnel} are those of ztunnel's page. */
  private record Row(String node, String namespace, String pod, JsonNode tunnel) {
    String text(String field) {
      return tunnel.path(field).asString("");
    }

    ObjectNode json() {
      ObjectNode json = Json.object();
      json.put("node", node);
      json.put("namespace", namespace);
      json.put("pod", pod);
      tunnel.forEachEntry(json::set);
      return json;
    }
  }

  @Override
  public Integer call() {
    RunningMesh mesh = asking.meshOfNode();
    if (mesh.nodes().isEmpty()) {
      throw new Unreachable("tunnels are not part of a dump: name a running mesh");
    }
    Map<String, JsonNode> pods = new HashMap<>();
    List<Dump> dumps = mesh.dumps();
    for (Dump dump : dumps) {
      dump.json()
          .path("workloadState")
          .forEachEntry((uid, state) -> pods.put(uid, state.path("info")));
    }
    List<Row> rows = new ArrayList<>();
    for (RunningMesh.Said said : mesh.askZtunnels("/tunnels")) {
      for (JsonNode tunnel : said.page()) {
        String uid = tunnel.path("podUid").asString("");
        JsonNode info = pods.getOrDefault(uid, Json.object());
        rows.add(
            new Row(
                said.node(),
                info.path("namespace").asString(""),
                info.path("name").asString(uid),
                tunnel));
      }
    }
    rows.removeIf(row -> !asking.wantsNamespace(row.namespace()));
    rows.sort(
        Comparator.comparing(Row::namespace)
            .thenComparing(Row::pod)
            .thenComparing(row -> row.text("direction"))
            .thenComparing(row -> row.text("remote")));
    return asking.show(rows, table(new Knowledge(dumps)), spec, ink);
  }

  private Table<Row> table(Knowledge knowledge) {
    return new Table<Row>(Row::json)
        .column("WORKLOAD", row -> row.pod() + "." + row.namespace())
        .column("DIRECTION", row -> row.text("direction"))
        .column("LOCAL", row -> row.text("local"))
        .column("REMOTE", row -> row.text("remote"))
        .column("STREAMS", row -> row.text("streams"))
        .column("STATE", row -> row.text("state"))
        .column("AGE", this::age)
        .column("SOURCE IDENTITY", row -> row.text("sourceIdentity"))
        .column("DESTINATION IDENTITY", row -> row.text("destinationIdentity"))
        .column("NODE", Row::node)
        .column("WAYPOINT", row -> knowledge.waypointAt(row.text("remote")));
  }

  private String age(Row row) {
    long opened = row.tunnel().path("openedEpochSeconds").asLong(0);
    return opened == 0 ? "" : Ages.since(Instant.ofEpochSecond(opened), clock.instant());
  }
}
