package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Json;
import dev.ambit.daemon.Log;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.model.telemetry.TelemetryRules;
import dev.ambit.waypoint.telemetry.log.AccessLogs.Target;
import dev.ambit.waypoint.telemetry.log.LogFormat;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The access logs that a mesh configuration names. */
final class Formats {
  private static final Log LOG = Log.scope("access");

  private Formats() {}

  /** By the name of the provider. */
  static Map<String, Target> targets(@Nullable MeshConfig config) {
    Map<String, Target> targets = new HashMap<>();
    targets.put("envoy", Target.STDOUT);
    if (config == null) {
      return targets;
    }
    MeshConfig.AccessLog usual = config.accessLog();
    if (!usual.file().isEmpty()) {
      targets.put(TelemetryRules.MESH_LOG, new Target(usual.file(), format(usual)));
    }
    for (ExtensionProvider provider : config.providers()) {
      if (provider.kind() instanceof ExtensionProvider.FileAccessLog(var path, var format)) {
        targets.put(provider.name(), new Target(path, format(provider.name(), format)));
      }
    }
    return targets;
  }

  private static LogFormat format(MeshConfig.AccessLog log) {
    if (log.format().isEmpty()) {
      return log.json() ? LogFormat.JSON : LogFormat.TEXT;
    }
    try {
      return log.json() ? LogFormat.json(labels(log.format())) : LogFormat.text(log.format());
    } catch (IllegalArgumentException e) {
      LOG.warn("accessLogFormat is not understood; the usual one is used", "error", e.getMessage());
      return log.json() ? LogFormat.JSON : LogFormat.TEXT;
    }
  }

  private static Map<String, String> labels(String json) {
    JsonNode node;
    try {
      node = Json.read(json.getBytes(StandardCharsets.UTF_8));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("got no JSON, expected an object of text", e);
    }
    Map<String, String> labels = new LinkedHashMap<>();
    for (var field : node.properties()) {
      if (!field.getValue().isString()) {
        throw new IllegalArgumentException(field.getKey() + ": got no text, expected a format");
      }
      labels.put(field.getKey(), field.getValue().asString());
    }
    return labels;
  }

  static LogFormat format(String name, ExtensionProvider.LogFormat said) {
    try {
      if (!said.labels().isEmpty()) {
        return LogFormat.json(said.labels());
      }
      return said.text().isEmpty() ? LogFormat.TEXT : LogFormat.text(said.text());
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "the log format of a provider is not understood; the usual one is used",
          "provider",
          name,
          "error",
          e.getMessage());
      return LogFormat.TEXT;
    }
  }
}
