package dev.ambit.cli.waypoint;

import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.cli.reach.RunningMesh.Waypoint;
import dev.ambit.daemon.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit waypoint clusters}. */
@Command(
    name = "clusters",
    aliases = {"cluster", "c"},
    description = {
      "Lists the endpoints that running waypoints have sent requests to, and how they fare.",
      "A service that nobody has called yet has no cluster."
    })
final class ClustersCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Inside inside = new Inside();
  @Spec private CommandSpec spec = CommandSpec.create();

  ClustersCommand(Ink ink) {
    this.ink = ink;
  }

  /** One endpoint of a cluster; {@code endpoint} is missing where the cluster has none. */
  private record Row(Waypoint pod, JsonNode cluster, JsonNode endpoint) {
    String name() {
      return cluster.path("cluster").asString(cluster.path("name").asString(""));
    }

    String status() {
      if (endpoint.isMissingNode()) {
        return "no endpoint";
      }
      if (endpoint.path("ejected").asBoolean(false)) {
        return "ejected";
      }
      return endpoint.path("healthy").asBoolean(true) ? "healthy" : "unhealthy";
    }

    String of(String field) {
      return endpoint.path(field).asString("");
    }

    ObjectNode json() {
      ObjectNode json = Json.object();
      json.put("waypoint", pod.name());
      cluster.forEachEntry((field, value) -> {
        if (!field.equals("endpoints")) {
          json.set(field, value);
        }
      });
      if (!endpoint.isMissingNode()) {
        json.set("endpoint", endpoint);
      }
      return json;
    }
  }

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    for (Waypoint pod : inside.pods()) {
      for (JsonNode cluster : pod.ask("/clusters")) {
        JsonNode endpoints = cluster.path("endpoints");
        endpoints.forEach(endpoint -> rows.add(new Row(pod, cluster, endpoint)));
        if (endpoints.isEmpty()) {
          rows.add(new Row(pod, cluster, endpoints.path(0)));
        }
      }
    }
    rows.sort(
        Comparator.comparing((Row row) -> row.pod().name())
            .thenComparing(Row::name)
            .thenComparing(row -> row.of("address")));
    return inside.show(rows, table(), spec, ink);
  }

  private static Table<Row> table() {
    return new Table<Row>(Row::json)
        .column("WAYPOINT", row -> row.pod().name())
        .column("CLUSTER", Row::name)
        .column("ENDPOINT", row -> row.of("workload"))
        .column("ADDRESS", row -> row.of("address"))
        .column("STATUS", Row::status)
        .column("ACTIVE", row -> row.of("active"))
        .column("TOTAL", row -> row.of("total"))
        .column("FAILURES", row -> row.of("failures"))
        .wideColumn("REQUESTS", row -> row.cluster().path("active").asString(""))
        .wideColumn("PENDING", row -> row.cluster().path("pending").asString(""))
        .wideColumn("RETRIES", row -> row.cluster().path("retries").asString(""));
  }
}
