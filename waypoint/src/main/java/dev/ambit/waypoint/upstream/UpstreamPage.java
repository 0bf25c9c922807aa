package dev.ambit.waypoint.upstream;

import dev.ambit.daemon.Json;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.waypoint.config.Cluster;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The admin page {@code /clusters}. */
public final class UpstreamPage {
  private UpstreamPage() {}

  public static ArrayNode of(List<UpstreamRow> rows) {
    ArrayNode page = Json.array();
    for (UpstreamRow row : rows) {
      Cluster.Key key = row.cluster();
      ServiceKey service = key.service();
      ObjectNode cluster = page.addObject();
      cluster.put("cluster", key.name());
      cluster.put("service", service == null ? key.uid() : service.toString());
      cluster.put("port", key.port());
      cluster.put("subset", key.subset());
      cluster.put("connections", row.connections());
      cluster.put("active", row.active());
      cluster.put("pending", row.pending());
      cluster.put("retries", row.retries());
      cluster.put("total", row.total());
      cluster.put("overflows", row.overflows());
      ArrayNode endpoints = cluster.putArray("endpoints");
      row.endpoints().forEach(each -> endpoint(endpoints.addObject(), each));
    }
    return page;
  }

  private static void endpoint(ObjectNode json, UpstreamRow.EndpointRow row) {
    json.put("workload", row.workload());
    json.put("uid", row.uid());
    json.put("address", row.address());
    json.put("healthy", row.healthy());
    json.put("ejected", row.ejectedMillis() > 0);
    json.put("ejectedMillis", row.ejectedMillis());
    json.put("connections", row.connections());
    json.put("active", row.active());
    json.put("total", row.total());
    json.put("failures", row.failures());
    json.put("connectFailures", row.connectFailures());
    json.put("weight", row.weight());
    json.put("priority", row.priority());
  }
}
