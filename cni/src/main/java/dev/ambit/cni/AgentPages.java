package dev.ambit.cni;

import dev.ambit.cni.pods.PodStatus;
import dev.ambit.daemon.AdminServer.Page;
import dev.ambit.daemon.AdminServer.Reply;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The agent's admin pages. */
record AgentPages(
    String node, Supplier<List<PodStatus>> pods, Metrics metrics, Readiness readiness) {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  Map<String, Page> pages() {
    return Map.of(
        "/pods", _ -> json(podRows()),
        "/unprotected", _ -> json(unprotectedRows()),
        "/metrics",
            request -> {
              Metrics.Exposition text =
                  metrics.scrape(request.headers().getOrDefault("accept", ""));
              return new Reply(200, text.contentType(), text.body());
            },
        "/healthz/ready", _ -> Reply.text(readiness.ready() ? 200 : 500, readiness.text()));
  }

  private ArrayNode podRows() {
    ArrayNode rows = NODES.arrayNode();
    for (PodStatus pod : pods.get()) {
      ObjectNode row = rows.addObject();
      row.put("uid", pod.uid());
      row.put("namespace", pod.namespace());
      row.put("name", pod.name());
      row.put("node", node);
      row.put("state", pod.state().name().toLowerCase(Locale.ROOT));
      row.put("reason", pod.reason());
      row.put("since", pod.since().toString());
      row.put("unprotected", pod.unproxied().size());
    }
    return rows;
  }

  private ArrayNode unprotectedRows() {
    ArrayNode rows = NODES.arrayNode();
    for (PodStatus pod : pods.get()) {
      for (PodStatus.Unproxied connection : pod.unproxied()) {
        ObjectNode row = rows.addObject();
        row.put("pod", pod.namespace() + "/" + pod.name());
        row.put("local", text(connection.socket().local()));
        row.put("remote", text(connection.socket().remote()));
        row.put("since", connection.since().toString());
      }
    }
    return rows;
  }

  private static String text(InetSocketAddress address) {
    String ip = address.getAddress().getHostAddress();
    return (ip.indexOf(':') < 0 ? ip : "[" + ip + "]") + ":" + address.getPort();
  }

  private static Reply json(ArrayNode rows) {
    return Reply.json((Json.pretty(rows) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
