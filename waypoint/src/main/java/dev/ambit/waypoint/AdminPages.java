package dev.ambit.waypoint;

import dev.ambit.daemon.AdminServer;
import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.AdminServer.Request;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.dataplane.identity.CertificateCache;
import dev.ambit.model.route.Authority;
import dev.ambit.model.workload.IpAddresses;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.upstream.UpstreamRow;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The pages of the waypoint's admin server. */
final class AdminPages {
  private static final String DASHBOARD =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>waypoint</title></head>
      <body>
      <h1>Ambit waypoint</h1>
      <table>
      <tr><td><a href="config_dump">config_dump</a></td><td>what it goes by</td></tr>
      <tr><td><a href="clusters">clusters</a></td><td>endpoints and their load</td></tr>
      <tr><td><a href="tunnels">tunnels</a></td><td>open tunnels</td></tr>
      <tr><td><a href="metrics">metrics</a></td><td>counters</td></tr>
      <tr><td><a href="healthz/ready">healthz/ready</a></td><td>whether it is ready</td></tr>
      <tr><td>POST logging</td><td>show and change log levels</td></tr>
      <tr><td>POST quitquitquit</td><td>shut down gracefully</td></tr>
      </table>
      </body>
      </html>
      """;

  private final Shown shown;
  private final Metrics metrics;
  private final Readiness readiness;
  private final Runnable quit;

  /** Where the pages get what they show. */
  record Shown(
      WaypointSettings settings,
      Supplier<Snapshot> snapshot,
      Supplier<Collection<String>> resources,
      Supplier<List<CertificateCache.Row>> certificates,
      Supplier<Optional<DataPath>> path) {}

  /**
   * @param quit begins a graceful shutdown; must not wait for it
   */
  AdminPages(Shown shown, Metrics metrics, Readiness readiness, Runnable quit) {
    this.shown = shown;
    this.metrics = metrics;
    this.readiness = readiness;
    this.quit = quit;
  }

  Map<String, AdminServer.Page> pages() {
    return Map.of(
        "/",
        request ->
            new Reply(200, "text/html; charset=utf-8", DASHBOARD.getBytes(StandardCharsets.UTF_8)),
        "/config_dump",
        request -> Reply.json(bytes(Json.pretty(dump()))),
        "/clusters",
        request -> Reply.json(bytes(Json.pretty(clusters()))),
        "/tunnels",
        request -> Reply.json(bytes(Json.pretty(tunnels()))),
        "/metrics",
        metrics.page(),
        "/stats/prometheus",
        metrics.page(),
        "/healthz/ready",
        readiness.page(),
        "/logging",
        Log.page(),
        "/quitquitquit",
        this::quit);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Reply quit(Request request) {
    if (!request.method().equals("POST")) {
      return Reply.text(405, "Invalid HTTP method\n");
    }
    quit.run();
    return Reply.text(200, "shutdown now\n");
  }

  /** Of a secret only what it has, not what that is. */
  private static JsonNode shown(JsonNode resource) {
    if (resource instanceof ObjectNode object
        && object.path("kind").asString("").equals("Secret")) {
      ObjectNode redacted = Json.object();
      object.path("stringData").propertyNames().forEach(key -> redacted.put(key, "redacted"));
      object.set("stringData", redacted);
    }
    return resource;
  }

  private ObjectNode dump() {
    ObjectNode dump = Json.object();
    WaypointSettings.Pod pod = shown.settings().pod();
    dump.putObject("waypoint")
        .put("gateway", pod.gateway())
        .put("namespace", pod.namespace())
        .put("pod", pod.name())
        .put("identity", pod.identity().toString());
    ArrayNode destinations = dump.putArray("destinations");
    Snapshot now = shown.snapshot().get();
    for (Service service : now.mesh().services()) {
      service.ports().keySet().stream()
          .sorted()
          .forEach(port -> destination(now, service, port).ifPresent(destinations::add));
    }
    ArrayNode resources = dump.putArray("resources");
    shown.resources().get().forEach(text -> resources.add(shown(Json.read(bytes(text)))));
    ArrayNode certificates = dump.putArray("certificates");
    for (CertificateCache.Row row : shown.certificates().get()) {
      ObjectNode one = certificates.addObject();
      one.put("identity", row.identity().toString()).put("state", row.state());
      row.certificate()
          .map(held -> held.chain().getFirst())
          .ifPresent(leaf ->
              one.put("serialNumber", leaf.getSerialNumber().toString())
                  .put("expirationTime", leaf.getNotAfter().toInstant().toString()));
    }
    return dump;
  }

  private static Optional<ObjectNode> destination(Snapshot now, Service service, int port) {
    Optional<Destination> found =
        service.addresses().stream()
            .map(address -> at(address, port))
            .flatMap(authority -> now.destination(authority).stream())
            .findFirst();
    return found.map(destination -> {
      ObjectNode one = Json.object();
      one.put("service", service.key().toString())
          .put("port", port)
          .put("protocol", destination.protocol().name());
      ArrayNode routes = one.putArray("routes");
      destination
          .routes()
          .entries()
          .forEach(entry ->
              routes
                  .addObject()
                  .put("route", entry.route())
                  .put("rule", entry.rule())
                  .put("match", entry.match().toString())
                  .put("action", entry.action().toString()));
      return one;
    });
  }

  private static Authority at(NetworkAddress address, int port) {
    return new Authority.ByAddress(new InetSocketAddress(address.address(), port));
  }

  private ArrayNode clusters() {
    ArrayNode list = Json.array();
    for (UpstreamRow row : shown.path().get().map(DataPath::clusters).orElse(List.of())) {
      ObjectNode one = list.addObject();
      one.put("cluster", row.cluster().name())
          .put("connections", row.connections())
          .put("pending", row.pending())
          .put("active", row.active())
          .put("retries", row.retries())
          .put("total", row.total())
          .put("overflows", row.overflows());
      ArrayNode endpoints = one.putArray("endpoints");
      for (UpstreamRow.EndpointRow each : row.endpoints()) {
        endpoints
            .addObject()
            .put("workload", each.uid())
            .put("address", each.address())
            .put("connections", each.connections())
            .put("active", each.active())
            .put("total", each.total())
            .put("failures", each.connectFailures())
            .put("ejected", each.ejectedMillis() > 0)
            .put("ejectedMillis", each.ejectedMillis())
            .put("weight", each.weight())
            .put("priority", each.priority());
      }
    }
    return list;
  }

  private ArrayNode tunnels() {
    ArrayNode list = Json.array();
    DataPath path = shown.path().get().orElse(null);
    if (path == null) {
      return list;
    }
    String own = shown.settings().pod().name();
    path.incoming()
        .forEach(row ->
            tunnel(list, own, "inbound", row.local(), row.remote())
                .put("sourceIdentity", row.peer().toString())
                .put("destinationIdentity", row.own().toString())
                .put("streams", row.streams())
                .put("openedEpochSeconds", row.opened().getEpochSecond())
                .put("state", row.draining() ? "draining" : "open"));
    path.outgoing()
        .forEach(row ->
            tunnel(list, own, "outbound", row.local(), row.remote())
                .put("sourceIdentity", row.source().toString())
                .put("destinationIdentity", row.peer().toString())
                .put("streams", row.streams())
                .put("openedEpochSeconds", row.opened().getEpochSecond())
                .put("state", row.retired() ? "draining" : "open"));
    return list;
  }

  private static ObjectNode tunnel(
      ArrayNode list,
      String pod,
      String direction,
      InetSocketAddress local,
      InetSocketAddress remote) {
    return list.addObject()
        .put("pod", pod)
        .put("direction", direction)
        .put("local", IpAddresses.print(local))
        .put("remote", IpAddresses.print(remote));
  }
}
