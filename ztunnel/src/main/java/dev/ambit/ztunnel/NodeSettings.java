package dev.ambit.ztunnel;

import dev.ambit.daemon.Json;
import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.xds.NodeInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Which node this is, and what of the mesh it belongs to (spec: ztunnel-observability §6,
 * workload-xds §2.1).
 *
 * @param network id of the node's network, "" in a mesh with one only
 * @param metadata what {@code ISTIO_META_*} and {@code ISTIO_METAJSON_*} add
 */
public record NodeSettings(
    String name,
    String podName,
    String podNamespace,
    String serviceAccount,
    String instanceIp,
    String clusterId,
    String clusterDomain,
    String trustDomain,
    String network,
    Map<String, Object> metadata) {
  private static final String META = "ISTIO_META_";
  private static final String META_JSON = "ISTIO_METAJSON_";

  public static NodeSettings from(Settings settings, Map<String, String> environment) {
    String name = settings.text("NODE_NAME", "");
    if (name.isEmpty()) {
      settings.mistake("NODE_NAME", "nothing", "the name of this node");
    }
    String clusterId =
        settings.text("CLUSTER_ID").orElse(settings.text("ISTIO_META_CLUSTER_ID", "Kubernetes"));
    return new NodeSettings(
        name,
        settings.text("POD_NAME", "ztunnel-" + name),
        settings.text("POD_NAMESPACE", "istio-system"),
        settings.text("SERVICE_ACCOUNT", "ztunnel"),
        settings.text("INSTANCE_IP", "1.1.1.1"),
        clusterId,
        settings.text("CLUSTER_DOMAIN", "cluster.local"),
        settings.text("TRUST_DOMAIN", "cluster.local"),
        settings.text("NETWORK", ""),
        metadata(settings, environment));
  }

  private static Map<String, Object> metadata(Settings settings, Map<String, String> environment) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    environment.forEach((name, value) -> {
      if (name.startsWith(META)) {
        metadata.put(name.substring(META.length()), value);
      } else if (name.startsWith(META_JSON)) {
        try {
          JsonNode json = Json.read(value.getBytes(StandardCharsets.UTF_8));
          Object plain = plain(json);
          metadata.put(name.substring(META_JSON.length()), plain == null ? "" : plain);
        } catch (JacksonException malformed) {
          settings.mistake(name, value, "JSON");
        }
      }
    });
    return metadata;
  }

  private static @Nullable Object plain(JsonNode json) {
    return switch (json.getNodeType()) {
      case OBJECT -> {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        json.properties().forEach(field -> fields.put(field.getKey(), plain(field.getValue())));
        yield fields;
      }
      case ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        json.forEach(item -> items.add(plain(item)));
        yield items;
      }
      case NUMBER -> json.asDouble();
      case BOOLEAN -> json.asBoolean();
      case NULL, MISSING -> null;
      case STRING, BINARY, POJO -> json.asString();
    };
  }

  /** How the control plane is told who asks. */
  public NodeInfo info() {
    Map<String, Object> all = new LinkedHashMap<>(metadata);
    all.put("NAME", podName);
    all.put("NAMESPACE", podNamespace);
    all.put("INSTANCE_IPS", instanceIp);
    all.put("NODE_NAME", name);
    all.put("CLUSTER_ID", clusterId);
    String id =
        "ztunnel~"
            + instanceIp
            + "~"
            + podName
            + "."
            + podNamespace
            + "~"
            + podNamespace
            + ".svc.cluster.local";
    return new NodeInfo(id, all);
  }
}
