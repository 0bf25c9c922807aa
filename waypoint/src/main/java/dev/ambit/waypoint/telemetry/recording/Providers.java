package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.trace.Tracer;
import dev.ambit.waypoint.telemetry.trace.export.Collector;
import dev.ambit.waypoint.telemetry.trace.export.SpanBatches;
import dev.ambit.waypoint.telemetry.trace.export.SpanCounts;
import dev.ambit.waypoint.telemetry.trace.export.Transport;
import dev.ambit.waypoint.telemetry.trace.http.HttpPost;
import dev.ambit.waypoint.telemetry.trace.http.ZipkinJson;
import dev.ambit.waypoint.telemetry.trace.wire.OtlpGrpc;
import dev.ambit.waypoint.telemetry.trace.wire.OtlpSpans;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The providers of logs and traces that mesh config names now; exporters that have not changed go
 * on. Thread-safe; asking is cheap while the configuration stays the same.
 */
final class Providers implements AutoCloseable {
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(10);

  /** What was made of one configuration. */
  private record Made(
      @Nullable MeshConfig config,
      Map<String, AccessLogs.Target> logs,
      Map<String, Tracer.Provider> tracing) {}

  private final Programming programming;
  private final Self self;
  private final SpanCounts counts;
  private final Map<ExtensionProvider, SpanBatches> exporters = new HashMap<>();
  private volatile Made made = new Made(null, Formats.targets(null), Map.of());
  private boolean closed;

  Providers(Programming programming, Self self, SpanCounts counts) {
    this.programming = programming;
    this.self = self;
    this.counts = counts;
  }

  Map<String, AccessLogs.Target> logs() {
    return current().logs;
  }

  Map<String, Tracer.Provider> tracing() {
    return current().tracing;
  }

  private Made current() {
    Made now = made;
    MeshConfig config = programming.current().meshConfig().orElse(null);
    return now.config == config ? now : remade(config);
  }

  private synchronized Made remade(@Nullable MeshConfig config) {
    if (made.config != config && !closed) {
      made = new Made(config, Formats.targets(config), tracing(config));
    }
    return made;
  }

  private Map<String, Tracer.Provider> tracing(@Nullable MeshConfig config) {
    Map<String, Tracer.Provider> providers = new HashMap<>();
    Map<ExtensionProvider, SpanBatches> before = new HashMap<>(exporters);
    exporters.clear();
    if (config != null) {
      for (ExtensionProvider each : config.providers()) {
        Supplier<Transport> transport = transport(each);
        if (transport == null) {
          continue;
        }
        SpanBatches kept = before.remove(each);
        SpanBatches exporter =
            kept != null
                ? kept
                : new SpanBatches(each.name(), transport, SpanBatches.Timing.USUAL, counts);
        exporters.put(each, exporter);
        boolean b3 = each.kind() instanceof ExtensionProvider.Zipkin;
        providers.put(each.name(), new Tracer.Provider(b3, config.tracing().sampling(), exporter));
      }
    }
    // Flushing takes time that nobody here has.
    before.values().forEach(gone -> Thread.ofVirtual().start(gone::close));
    return providers;
  }

  private @Nullable Supplier<Transport> transport(ExtensionProvider provider) {
    Supplier<MeshView> mesh = () -> programming.current().mesh();
    return switch (provider.kind()) {
      case ExtensionProvider.OpenTelemetry(var backend, var path, var timeout, var headers) -> {
        Collector collector = new Collector(mesh, self.namespace(), backend);
        Duration most = timeout.isZero() ? USUAL_TIMEOUT : timeout;
        yield () ->
            path.isEmpty()
                ? new OtlpGrpc(collector, resource(), headers, most)
                : new HttpPost(
                    collector,
                    new HttpPost.Target(path, "application/x-protobuf", headers, most),
                    spans -> OtlpSpans.encode(spans, resource()));
      }
      case ExtensionProvider.Zipkin(var backend, var path) -> {
        Collector collector = new Collector(mesh, self.namespace(), backend);
        String where = path.isEmpty() ? "/api/v2/spans" : path;
        yield () ->
            new HttpPost(
                collector,
                new HttpPost.Target(where, "application/json", Map.of(), USUAL_TIMEOUT),
                spans -> ZipkinJson.encode(spans, service()));
      }
      case ExtensionProvider.GrpcAuthorization _,
          ExtensionProvider.HttpAuthorization _,
          ExtensionProvider.OtelAccessLog _,
          ExtensionProvider.FileAccessLog _,
          ExtensionProvider.Prometheus _,
          ExtensionProvider.Other _ ->
          null;
    };
  }

  private String service() {
    return self.gateway() + '.' + self.namespace();
  }

  private Map<String, String> resource() {
    Map<String, String> resource = new LinkedHashMap<>();
    resource.put("service.name", service());
    resource.put("k8s.cluster.name", self.cluster());
    resource.put("k8s.namespace.name", self.namespace());
    resource.put("k8s.pod.name", self.pod());
    return resource;
  }

  /** Sends what is queued, for a few seconds at most. */
  @Override
  public void close() {
    Map<ExtensionProvider, SpanBatches> open;
    synchronized (this) {
      closed = true;
      open = new HashMap<>(exporters);
      exporters.clear();
    }
    open.values().forEach(SpanBatches::close);
  }
}
