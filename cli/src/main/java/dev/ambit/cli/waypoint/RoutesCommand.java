package dev.ambit.cli.waypoint;

import dev.ambit.cli.l7.ActionText;
import dev.ambit.cli.l7.AtWaypoint;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.daemon.Json;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.workload.Service;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit waypoint routes}. */
@Command(
    name = "routes",
    aliases = {"route", "r"},
    description = {
      "Lists what running waypoints do with requests, in the order in which rules are tried."
    })
final class RoutesCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Inside inside = new Inside();
  @Spec private CommandSpec spec = CommandSpec.create();

  RoutesCommand(Ink ink) {
    this.ink = ink;
  }

  private record Row(AtWaypoint waypoint, Service service, int port, RouteEntry entry) {
    String route() {
      return entry.route().isEmpty() ? "default" : entry.route();
    }

    ObjectNode json() {
      return Json.object()
          .put("waypoint", waypoint.namespace() + "/" + waypoint.name())
          .put("service", service.key().toString())
          .put("port", port)
          .put("route", route())
          .put("rule", entry.rule())
          .put("match", entry.match().toString())
          .put("action", ActionText.of(entry.action()))
          .put("timeouts", ActionText.timeouts(entry.action()))
          .put("retries", ActionText.retries(entry.action()));
    }
  }

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    for (AtWaypoint waypoint : inside.waypoints()) {
      for (Service service : waypoint.services()) {
        for (int port : new TreeSet<>(service.ports().keySet())) {
          for (RouteEntry entry : waypoint.routes(service, port).entries()) {
            rows.add(new Row(waypoint, service, port, entry));
          }
        }
      }
    }
    return inside.show(rows, table(), spec, ink);
  }

  private static Table<Row> table() {
    return new Table<Row>(Row::json)
        .column("WAYPOINT", row -> row.waypoint().namespace() + "/" + row.waypoint().name())
        .column("SERVICE", row -> row.service().namespace() + "/" + row.service().name())
        .column("PORT", row -> String.valueOf(row.port()))
        .column("ROUTE", Row::route)
        .column("RULE", row -> row.entry().rule())
        .column("MATCH", row -> row.entry().match().toString())
        .column("ACTION", row -> ActionText.of(row.entry().action()))
        .wideColumn("TIMEOUTS", row -> ActionText.timeouts(row.entry().action()))
        .wideColumn("RETRIES", row -> ActionText.retries(row.entry().action()));
  }
}
