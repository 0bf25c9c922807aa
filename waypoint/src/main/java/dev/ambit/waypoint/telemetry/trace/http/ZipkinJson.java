package dev.ambit.waypoint.telemetry.trace.http;

import dev.ambit.daemon.Json;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Spans as Zipkin's JSON, version 2. */
public final class ZipkinJson {
  private ZipkinJson() {}

  /**
   * @param service name of the waypoint
   */
  public static byte[] encode(List<FinishedSpan> spans, String service) {
    ArrayNode all = Json.array();
    for (FinishedSpan each : spans) {
      ObjectNode node = all.addObject();
      node.put("traceId", each.span().traceId());
      node.put("id", each.span().spanId());
      if (!each.span().parentId().isEmpty()) {
        node.put("parentId", each.span().parentId());
      }
      node.put("kind", "SERVER");
      node.put("name", each.name());
      node.put("timestamp", each.span().startUnixNanos() / 1000);
      node.put("duration", Math.max(1, each.durationNanos() / 1000));
      node.putObject("localEndpoint").put("serviceName", service);
      ObjectNode tags = node.putObject("tags");
      each.tags().forEach(tags::put);
    }
    return all.toString().getBytes(StandardCharsets.UTF_8);
  }
}
