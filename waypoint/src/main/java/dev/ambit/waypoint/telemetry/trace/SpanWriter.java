package dev.ambit.waypoint.telemetry.trace;

import dev.ambit.model.object.Telemetry.CustomTag;
import dev.ambit.model.object.Telemetry.Environment;
import dev.ambit.model.object.Telemetry.Formatted;
import dev.ambit.model.object.Telemetry.Literal;
import dev.ambit.model.object.Telemetry.RequestHeader;
import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.Span;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.log.LogFormat;
import io.netty.util.NetUtil;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Writes what a span says, with Istio's tags (spec: l7-telemetry §4). Any thread. */
public final class SpanWriter {
  private static final int MOST_PATH = 256;
  private static final int MOST_FORMATS = 256;

  private final Self self;
  private final Map<String, String> environment;
  private final Map<String, Optional<LogFormat>> formats = new ConcurrentHashMap<>();

  /**
   * @param environment of the process, which tags may name
   */
  public SpanWriter(Self self, Map<String, String> environment) {
    this.self = self;
    this.environment = Map.copyOf(environment);
  }

  FinishedSpan finished(Told told, Span span, EffectiveTelemetry.Tracing rules) {
    boolean error = told.status >= 500 || told.status == 0 || told.grpcStatus > 0;
    Map<String, String> tags = new LinkedHashMap<>();
    request(told, tags);
    if (error) {
      tags.put("error", "true");
    }
    if (rules.istioTags()) {
      istio(tags);
    }
    rules
        .customTags()
        .forEach((name, tag) -> {
          String value = value(told, tag);
          if (value != null && !value.isEmpty()) {
            tags.put(name, value);
          }
        });
    String state = told.request.headers().get("tracestate");
    return new FinishedSpan(
        span,
        name(told),
        state == null ? "" : state,
        Math.max(0, told.endNanos - told.startNanos),
        error,
        tags);
  }

  private static String name(Told told) {
    String pattern = told.pathPattern.isEmpty() ? "/*" : told.pathPattern;
    return told.caller.destination().name() + ':' + told.caller.local().getPort() + pattern;
  }

  private void request(Told told, Map<String, String> tags) {
    RequestHead request = told.request;
    tags.put("component", "proxy");
    tags.put("node_id", self.node());
    tags.put("guid:x-request-id", told.requestId);
    String path = told.originalTarget;
    tags.put(
        "http.url",
        request.scheme()
            + "://"
            + request.authority()
            + (path.length() > MOST_PATH ? path.substring(0, MOST_PATH) : path));
    tags.put("http.method", request.method());
    tags.put("http.protocol", request.version().toString());
    tags.put("http.status_code", Integer.toString(told.status));
    String agent = request.headers().get("user-agent");
    tags.put("user_agent", agent == null ? "-" : agent);
    tags.put("downstream_cluster", "-");
    tags.put("peer.address", NetUtil.toSocketAddressString(told.caller.source()));
    tags.put("request_size", Long.toString(told.bytesReceived));
    tags.put("response_size", Long.toString(told.bytesSent));
    tags.put("response_flags", told.flags);
    if (told.cluster != null) {
      tags.put("upstream_cluster", told.cluster.name());
      tags.put("upstream_cluster.name", told.cluster.name());
    }
    String upstream = told.upstreamAddress();
    if (!upstream.isEmpty()) {
      tags.put("upstream_address", upstream);
    }
    if (told.isGrpc()) {
      tags.put("grpc.path", told.originalPath());
      tags.put("grpc.authority", request.authority());
      tags.put("grpc.status_code", told.grpcStatus < 0 ? "-" : Integer.toString(told.grpcStatus));
    }
  }

  private void istio(Map<String, String> tags) {
    tags.put("istio.canonical_service", self.gateway());
    tags.put("istio.canonical_revision", self.revision());
    tags.put("istio.mesh_id", self.mesh());
    tags.put("istio.namespace", self.namespace());
    tags.put("istio.cluster_id", self.cluster());
  }

  private @Nullable String value(Told told, CustomTag tag) {
    return switch (tag) {
      case Literal(String value) -> value;
      case Environment(String name, String otherwise) -> environment.getOrDefault(name, otherwise);
      case RequestHeader(String name, String otherwise) -> {
        String value = told.request.headers().get(name);
        yield value == null ? otherwise : value;
      }
      case Formatted(String format) -> formatted(told, format);
    };
  }

  private @Nullable String formatted(Told told, String format) {
    if (formats.size() >= MOST_FORMATS) {
      formats.clear();
    }
    return formats
        .computeIfAbsent(format, SpanWriter::read)
        .map(each -> each.line(told))
        .orElse(null);
  }

  private static Optional<LogFormat> read(String format) {
    try {
      return Optional.of(LogFormat.text(format));
    } catch (IllegalArgumentException refused) {
      // The tag is left out, as one without a value is.
      return Optional.empty();
    }
  }
}
