package dev.ambit.waypoint.telemetry.recording;

import dev.ambit.model.http.HttpAuthorizer;
import dev.ambit.model.telemetry.EffectiveTelemetry;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.server.Caller;
import dev.ambit.waypoint.telemetry.Recorder;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.ToldFacts;
import dev.ambit.waypoint.telemetry.log.AccessLogs;
import dev.ambit.waypoint.telemetry.metric.ConnectionCount;
import dev.ambit.waypoint.telemetry.metric.PolicyCounts;
import dev.ambit.waypoint.telemetry.metric.RequestMetrics;
import dev.ambit.waypoint.telemetry.trace.Tracer;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** Tells of exchanges and connections in all the ways there are (spec: l7-telemetry). */
public final class MeshRecorder implements Recorder {
  private final InstantSource clock;
  private final RequestMetrics metrics;
  private final AccessLogs logs;
  private final Tracer tracer;
  private final PolicyCounts policies;

  public MeshRecorder(
      InstantSource clock,
      RequestMetrics metrics,
      PolicyCounts policies,
      AccessLogs logs,
      Tracer tracer) {
    this.clock = clock;
    this.metrics = metrics;
    this.policies = policies;
    this.logs = logs;
    this.tracer = tracer;
  }

  @Override
  public void begun(Told told) {
    told.startUnixNanos = unixNanos();
    tracer.begun(told);
  }

  private long unixNanos() {
    Instant now = clock.instant();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }

  @Override
  public void sending(Told told, RequestHead outgoing) {
    tracer.sending(told, outgoing.headers());
  }

  @Override
  public void ended(Told told) {
    if (told.startUnixNanos == 0) {
      told.startUnixNanos = unixNanos() - Math.max(0, told.endNanos - told.startNanos);
    }
    metrics.ended(told);
    policies.told(told);
    log(told);
    tracer.ended(told);
  }

  private void log(Told told) {
    EffectiveTelemetry rules = told.caller.destination().telemetry().rules();
    if (!rules.logs().isEmpty()) {
      logs.write(told, rules.logs(), new ToldFacts(told, metrics.sourceWorkload(told)));
    }
  }

  @Override
  public Connection opened(Caller caller, String serverName) {
    RequestHead none =
        new RequestHead(
            "", "", "", "", EmptyHttpHeaders.INSTANCE, "", RequestHead.Version.HTTP_1_1);
    Told told = new Told(caller, none, "", caller.loop().ticker().nanoTime());
    told.startUnixNanos = unixNanos();
    told.serverName = serverName;
    return new Counted(told, metrics.opened(told));
  }

  private final class Counted implements Connection {
    private final Told told;
    private final ConnectionCount count;
    private boolean over;

    Counted(Told told, ConnectionCount count) {
      this.told = told;
      this.count = count;
    }

    @Override
    public void judged(HttpAuthorizer.Decision decision) {
      told.judged(decision);
    }

    @Override
    public void refusedBy(String whom) {
      told.deniedBy = whom;
    }

    @Override
    public void connected(Cluster.Key cluster, Cluster.@Nullable Endpoint endpoint) {
      told.cluster = cluster;
      told.endpoint = endpoint;
      if (endpoint != null) {
        count.connected();
      }
    }

    @Override
    public void received(int bytes) {
      told.bytesReceived += bytes;
      count.received(bytes);
    }

    @Override
    public void sent(int bytes) {
      told.bytesSent += bytes;
      count.sent(bytes);
    }

    @Override
    public void closed(String flags, String details) {
      if (over) {
        return;
      }
      over = true;
      told.flags = flags;
      told.details = details;
      told.endNanos = told.caller.loop().ticker().nanoTime();
      count.closed();
      policies.told(told);
      log(told);
    }
  }
}
