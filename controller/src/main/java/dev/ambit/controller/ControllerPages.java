package dev.ambit.controller;

import dev.ambit.controller.deploy.Deployment;
import dev.ambit.controller.translate.Condition;
import dev.ambit.controller.xds.DeltaSession;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.controller.xds.VersionedResources;
import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.manifest.ManifestProblem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the controller shows of itself. Each page reads one published state. */
final class ControllerPages {
  private final MeshPublisher publisher;
  private final Deployment deployment;
  private final VersionedResources resources;
  private final Subscribers clients;

  ControllerPages(
      MeshPublisher publisher,
      Deployment deployment,
      VersionedResources resources,
      Subscribers clients) {
    this.publisher = publisher;
    this.deployment = deployment;
    this.resources = resources;
    this.clients = clients;
  }

  Map<String, AdminServer.Page> all(Readiness readiness, Metrics metrics) {
    return Map.of(
        "/debug/objects",
        _ -> reply(objects()),
        "/problems",
        _ -> reply(problems()),
        "/conditions",
        _ -> reply(conditions()),
        "/clients",
        _ -> reply(clients()),
        "/version",
        _ -> AdminServer.Reply.json(Json.write(version())),
        "/logging",
        Log.page(),
        "/metrics",
        metrics.page(),
        "/healthz/ready",
        readiness.page());
  }

  private static AdminServer.Reply reply(JsonNode page) {
    return AdminServer.Reply.json((Json.pretty(page) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode version() {
    String version = ControllerPages.class.getPackage().getImplementationVersion();
    return Json.object()
        .put("component", "controller")
        .put("version", version == null ? "unpackaged" : version)
        .put("java", Runtime.version().toString());
  }

  private ObjectNode objects() {
    MeshPublisher.Status status = publisher.status();
    ObjectNode page = Json.object();
    ObjectNode objects = page.putObject("objects");
    new TreeMap<>(status.seen().objects()).forEach(objects::put);
    page.put("facts", status.seen().input().facts().size());
    ObjectNode served = page.putObject("resources");
    for (ResourceType type : ResourceType.values()) {
      served.put(name(type), resources.count(type));
    }
    page.put("revision", resources.revision());
    page.put("problems", status.seen().problems().size());
    page.put("conditions", status.conditions().size());
    page.put("clients", clients.count());
    return page;
  }

  private ArrayNode problems() {
    ArrayNode page = Json.array();
    for (ManifestProblem problem : publisher.status().seen().problems()) {
      page.addObject()
          .put("file", problem.file())
          .put("line", problem.line())
          .put("field", problem.field())
          .put("got", problem.got())
          .put("expected", problem.expected());
    }
    return page;
  }

  private ArrayNode conditions() {
    ArrayNode page = Json.array();
    List<Condition> all = new ArrayList<>(publisher.status().conditions());
    all.addAll(deployment.conditions());
    all.sort(null);
    for (Condition condition : all) {
      page.addObject()
          .put("kind", condition.kind())
          .put("namespace", condition.namespace())
          .put("name", condition.name())
          .put("type", condition.type())
          .put("status", condition.accepted() ? "True" : "False")
          .put("reason", condition.reason())
          .put("message", condition.message());
    }
    return page;
  }

  private ArrayNode clients() {
    ArrayNode page = Json.array();
    for (DeltaSession.State state : clients.states()) {
      ObjectNode client =
          page.addObject()
              .put("node", state.client().node())
              .put("id", state.nodeId())
              .put("address", state.client().address());
      ObjectNode types = client.putObject("types");
      state
          .types()
          .forEach((type, each) ->
              types
                  .putObject(name(type))
                  .put("wildcard", each.wildcard())
                  .put("names", each.names())
                  .put("waiting", each.waiting())
                  .put("sent", each.sent())
                  .put("acknowledged", each.acknowledged())
                  .put("rejections", each.rejections())
                  .put("lastError", each.lastError()));
    }
    return page;
  }

  private static String name(ResourceType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
