package dev.ambit.cli.waypoint;

import dev.ambit.cli.l7.AtWaypoint;
import dev.ambit.cli.print.Ink;
import dev.ambit.cli.print.Table;
import dev.ambit.daemon.Json;
import dev.ambit.model.object.AuthorizationPolicy;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.object.TargetReference;
import dev.ambit.model.workload.Service;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code ambit waypoint policies}. */
@Command(
    name = "policies",
    aliases = {"policy", "p"},
    description = "Lists the policies that running waypoints enforce, and for which services.")
final class PoliciesCommand implements Callable<Integer> {
  private final Ink ink;

  @Mixin private final Inside inside = new Inside();
  @Spec private CommandSpec spec = CommandSpec.create();

  PoliciesCommand(Ink ink) {
    this.ink = ink;
  }

  /** One object; {@code rules} are rules of a policy or issuers of an authentication. */
  private record Row(
      AtWaypoint waypoint,
      ClusterObject object,
      String action,
      List<TargetReference> targets,
      int rules,
      List<Service> services) {
    String covers() {
      return services.stream()
          .map(service -> service.namespace() + "/" + service.name())
          .collect(Collectors.joining(","));
    }

    String target() {
      return targets.stream()
          .map(each -> each.kind() + "/" + each.name())
          .collect(Collectors.joining(","));
    }

    ObjectNode json() {
      return Json.object()
          .put("waypoint", waypoint.namespace() + "/" + waypoint.name())
          .put("kind", object.kind())
          .put("namespace", object.metadata().namespace())
          .put("name", object.metadata().name())
          .put("action", action)
          .put("targets", target())
          .put("rules", rules)
          .put("services", covers());
    }
  }

  @Override
  public Integer call() {
    List<Row> rows = new ArrayList<>();
    for (AtWaypoint waypoint : inside.waypoints()) {
      List<Service> services = waypoint.services();
      waypoint
          .objects()
          .each(AuthorizationPolicy.class)
          .filter(each -> !each.targetRefs().isEmpty())
          .forEach(each ->
              rows.add(
                  new Row(
                      waypoint,
                      each,
                      each.action().name(),
                      each.targetRefs(),
                      each.rules().size(),
                      services.stream()
                          .filter(service -> waypoint.policies(service).contains(each))
                          .toList())));
      waypoint
          .objects()
          .each(RequestAuthentication.class)
          .filter(each -> !each.targetRefs().isEmpty())
          .forEach(each ->
              rows.add(
                  new Row(
                      waypoint,
                      each,
                      "JWT",
                      each.targetRefs(),
                      each.rules().size(),
                      services.stream()
                          .filter(service -> waypoint.authentications(service).contains(each))
                          .toList())));
    }
    // A folder's objects are those of all waypoints.
    rows.removeIf(row -> row.services().isEmpty());
    return inside.show(rows, table(), spec, ink);
  }

  private static Table<Row> table() {
    return new Table<Row>(Row::json)
        .column("WAYPOINT", row -> row.waypoint().namespace() + "/" + row.waypoint().name())
        .column("KIND", row -> row.object().kind())
        .column("NAMESPACE", row -> row.object().metadata().namespace())
        .column("NAME", row -> row.object().metadata().name())
        .column("ACTION", Row::action)
        .column("RULES", row -> String.valueOf(row.rules()))
        .column("TARGETS", Row::target)
        .column("SERVICES", Row::covers);
  }
}
