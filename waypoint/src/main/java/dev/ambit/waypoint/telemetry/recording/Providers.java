package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Metrics;
import dev.ambit.model.object.ExtensionProvider;
import dev.ambit.model.object.MeshConfig;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.export.Batches;
import dev.ambit.waypoint.telemetry.export.ExportCounts;
import dev.ambit.waypoint.telemetry.export.Transport;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.log.LogEntry;
import dev.ambit.waypoint.telemetry.trace.FinishedSpan;
import dev.ambit.waypoint.telemetry.trace.Tracer;
import dev.ambit.waypoint.telemetry.trace.http.HttpPost;
import dev.ambit.waypoint.telemetry.trace.http.ZipkinJson;
import dev.ambit.waypoint.telemetry.wire.OtlpGrpc;
import dev.ambit.waypoint.telemetry.wire.OtlpSpans;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private final OwnCalls calls;
  private final ExportCounts spanCounts;
  private final ExportCounts lineCounts;
  private final Map<ExtensionProvider, Batches<FinishedSpan>> spans = new HashMap<>();
  private final Map<ExtensionProvider, Batches<LogEntry>> lines = new HashMap<>();
  private volatile Made made = new Made(null, Formats.targets(null), Map.of());
  private boolean closed;

  Providers(Programming programming, Self self, OwnCalls calls, Metrics metrics) {
    this.programming = programming;
    this.self = self;
    this.calls = calls;
    this.spanCounts = new ExportCounts(metrics, "spans");
    this.lineCounts = new ExportCounts(metrics, "access_log_records");
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
      List<ExtensionProvider> wanted = config == null ? List.of() : config.providers();
      Map<String, AccessLogs.Target> logs = Formats.targets(config);
      Map<String, Tracer.Provider> tracing = new HashMap<>();
      for (ExtensionProvider each : wanted) {
        double sampling = config == null ? -1 : config.tracing().sampling();
        Transport<FinishedSpan> transport = spanTransport(each);
        if (transport != null) {
          Batches<FinishedSpan> batches =
              spans.computeIfAbsent(
                  each,
                  _ -> new Batches<>(each.name(), transport, Batches.Timing.USUAL, spanCounts));
          boolean b3 = each.kind() instanceof ExtensionProvider.Zipkin;
          tracing.put(each.name(), new Tracer.Provider(b3, sampling, batches::accept));
        } else if (each.kind() instanceof ExtensionProvider.OtelAccessLog log) {
          Batches<LogEntry> batches = lines.computeIfAbsent(each, _ -> lineBatches(each, log));
          logs.put(
              each.name(),
              new AccessLogs.Target("", Formats.format(each.name(), log.format()), batches));
        }
      }
      // Flushing takes time that nobody here has.
      gone(new HashSet<>(wanted)).forEach(each -> Thread.ofVirtual().start(each::close));
      made = new Made(config, logs, tracing);
    }
    return made;
  }

  /** Takes out the exporters of providers that are not wanted any more. */
  private List<Batches<?>> gone(Set<ExtensionProvider> wanted) {
    List<Batches<?>> gone = new ArrayList<>();
    for (Map<ExtensionProvider, ? extends Batches<?>> each : List.of(spans, lines)) {
      each.forEach((provider, batches) -> {
        if (!wanted.contains(provider)) {
          gone.add(batches);
        }
      });
      each.keySet().retainAll(wanted);
    }
    return gone;
  }

  private Batches<LogEntry> lineBatches(
      ExtensionProvider provider, ExtensionProvider.OtelAccessLog log) {
    Map<String, String> resource = resource();
    resource.put("log_name", log.logName());
    OtlpGrpc.Target target = new OtlpGrpc.Target(log.backend(), Map.of(), USUAL_TIMEOUT);
    return new Batches<>(
        provider.name(), OtlpGrpc.logs(calls, target, resource), Batches.Timing.USUAL, lineCounts);
  }

  private @Nullable Transport<FinishedSpan> spanTransport(ExtensionProvider provider) {
    return switch (provider.kind()) {
      case ExtensionProvider.OpenTelemetry(var backend, var path, var timeout, var headers) -> {
        Duration most = timeout.isZero() ? USUAL_TIMEOUT : timeout;
        yield path.isEmpty()
            ? OtlpGrpc.spans(calls, new OtlpGrpc.Target(backend, headers, most), resource())
            : new HttpPost(
                calls,
                new HttpPost.Target(backend, path, "application/x-protobuf", headers, most),
                batch -> OtlpSpans.encode(batch, resource()));
      }
      case ExtensionProvider.Zipkin(var backend, var path) -> {
        String where = path.isEmpty() ? "/api/v2/spans" : path;
        yield new HttpPost(
            calls,
            new HttpPost.Target(backend, where, "application/json", Map.of(), USUAL_TIMEOUT),
            batch -> ZipkinJson.encode(batch, service()));
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
    List<Batches<?>> open;
    synchronized (this) {
      closed = true;
      open = gone(Set.of());
    }
    open.forEach(Batches::close);
  }
}
