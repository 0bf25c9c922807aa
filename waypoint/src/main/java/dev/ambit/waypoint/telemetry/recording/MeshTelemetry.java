package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.daemon.Metrics;
import dev.ambit.waypoint.call.OwnCalls;
import dev.ambit.waypoint.config.Programming;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Self;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.metric.PolicyCounts;
import dev.ambit.waypoint.telemetry.metric.RequestMetrics;
import dev.ambit.waypoint.telemetry.trace.SpanWriter;
import dev.ambit.waypoint.telemetry.trace.Tracer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/**
 * Everything a waypoint tells, wired: what is told follows the newest snapshot and its mesh
 * configuration (spec: l7-telemetry).
 */
public final class MeshTelemetry implements AutoCloseable {
  private static final Duration LAST_LINES = Duration.ofSeconds(2);

  private final RequestMetrics requests;
  private final AccessLogs logs;
  private final Providers providers;
  private final MeshRecorder recorder;

  /**
   * How it tells.
   *
   * @param calls to collectors
   * @param environment of the process, which tags of spans may name
   */
  public record Ways(OwnCalls calls, Map<String, String> environment) {
    public Ways {
      environment = Map.copyOf(environment);
    }
  }

  public MeshTelemetry(
      Metrics metrics, InstantSource clock, Programming programming, Self self, Ways ways) {
    this.providers = new Providers(programming, self, ways.calls(), metrics);
    this.requests =
        new RequestMetrics(metrics, clock, () -> programming.current().mesh(), self.network());
    this.logs = new AccessLogs(metrics, providers::logs);
    Tracer tracer = new Tracer(providers::tracing, new SpanWriter(self, ways.environment()));
    this.recorder = new MeshRecorder(clock, requests, new PolicyCounts(metrics), logs, tracer);
    SelfMetrics.register(metrics, clock, programming);
  }

  public Recorder recorder() {
    return recorder;
  }

  /** Drops metric series nobody used for an hour. To be called now and then, off event loops. */
  public void forgetIdleSeries() {
    requests.forgetIdle();
  }

  /** At the end of the drain: sends what is queued, for a few seconds at most. */
  @Override
  public void close() {
    providers.close();
    logs.flush(LAST_LINES);
  }
}
