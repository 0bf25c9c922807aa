package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.daemon.LoopCells;
import dev.ambit.daemon.LoopHistograms;
import dev.ambit.daemon.Metrics;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.telemetry.EffectiveTelemetry.Metric;
import dev.ambit.model.workload.Workload;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.ToldFacts;
import dev.ambit.waypoint.telemetry.metric.SeriesKey.Protocol;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Istio's metrics at a waypoint (spec: l7-telemetry §1). Each event loop counts in cells of its
 * own; a request looks its series up once, at its end, by a key of what is already there.
 */
public final class RequestMetrics {
  /** A series nobody touched for so long is dropped: pods come and go. */
  static final Duration IDLE = Duration.ofHours(1);

  /** The usual limit of label sets. */
  private static final int MOST_SERIES = 20_000;

  /** Upper bounds of every histogram of Istio. */
  static final double[] BOUNDS = {
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000,
    1800000, 3600000
  };

  private final InstantSource clock;
  private final Supplier<MeshView> mesh;
  private final String network;
  private final int mostSeries;
  private final LoopCells overflows;
  private final Map<Metric, LoopCells> counters = new HashMap<>();
  private final Map<Metric, LoopHistograms> histograms = new HashMap<>();
  private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  /**
   * @param network that addresses of clients are on
   */
  public RequestMetrics(
      Metrics metrics, InstantSource clock, Supplier<MeshView> mesh, String network) {
    this(metrics, clock, mesh, network, MOST_SERIES);
  }

  /**
   * @param mostSeries label sets a loop keeps apart; further ones are counted as {@code unknown}
   */
  public RequestMetrics(
      Metrics metrics,
      InstantSource clock,
      Supplier<MeshView> mesh,
      String network,
      int mostSeries) {
    this.clock = clock;
    this.mesh = mesh;
    this.network = network;
    this.mostSeries = mostSeries;
    this.overflows =
        metrics.counters(
            "ambit_waypoint_series_overflow",
            "Requests and connections counted as unknown because there were too many series.",
            List.of());
    requests(metrics);
    connections(metrics);
  }

  private void requests(Metrics metrics) {
    List<String> labels = SeriesKey.REQUEST_LABELS;
    counters.put(
        Metric.REQUEST_COUNT,
        metrics.counters("istio_requests", "The total number of requests.", labels));
    counters.put(
        Metric.GRPC_REQUEST_MESSAGES,
        metrics.counters(
            "istio_request_messages", "The total number of gRPC messages from clients.", labels));
    counters.put(
        Metric.GRPC_RESPONSE_MESSAGES,
        metrics.counters(
            "istio_response_messages", "The total number of gRPC messages to clients.", labels));
    histograms.put(
        Metric.REQUEST_DURATION,
        metrics.histograms(
            "istio_request_duration_milliseconds", "The duration of requests.", labels, BOUNDS));
    histograms.put(
        Metric.REQUEST_SIZE,
        metrics.histograms(
            "istio_request_bytes", "The size of the bodies of requests.", labels, BOUNDS));
    histograms.put(
        Metric.RESPONSE_SIZE,
        metrics.histograms(
            "istio_response_bytes", "The size of the bodies of responses.", labels, BOUNDS));
  }

  private void connections(Metrics metrics) {
    List<String> labels = SeriesKey.CONNECTION_LABELS;
    counters.put(
        Metric.TCP_OPENED_CONNECTIONS,
        metrics.counters(
            "istio_tcp_connections_opened", "The total number of TCP connections opened.", labels));
    counters.put(
        Metric.TCP_CLOSED_CONNECTIONS,
        metrics.counters(
            "istio_tcp_connections_closed", "The total number of TCP connections closed.", labels));
    counters.put(
        Metric.TCP_RECEIVED_BYTES,
        metrics.counters(
            "istio_tcp_received_bytes",
            "The size of total bytes received during request in case of a TCP connection.",
            labels));
    counters.put(
        Metric.TCP_SENT_BYTES,
        metrics.counters(
            "istio_tcp_sent_bytes",
            "The size of total bytes sent during response in case of a TCP connection.",
            labels));
  }

  /** Counts a request that has ended. On its loop. */
  public void ended(Told told) {
    loop(told).ended(told);
  }

  /** Begins to count a connection. On its loop. */
  public ConnectionCount opened(Told told) {
    return new ConnectionCount(loop(told), told);
  }

  /** The client's workload, if it is known. On the loop of the exchange. */
  public @Nullable Workload sourceWorkload(Told told) {
    return loop(told).view.sourceWorkload(mesh.get(), told.caller);
  }

  /** Drops the series that were idle for {@link #IDLE}, each loop its own. Any thread. */
  public void forgetIdle() {
    loops.forEach((owner, loop) -> owner.execute(loop::forgetIdle));
  }

  private Loop loop(Told told) {
    EventLoop owner = told.caller.loop();
    Loop known = loops.get(owner);
    return known != null ? known : loops.computeIfAbsent(owner, _ -> new Loop());
  }

  /** What one event loop counts. Confined to it. */
  final class Loop {
    private final LoopView view = new LoopView(network);
    private final Map<SeriesKey, Series> series = new HashMap<>();
    private final LoopCells.Cell overflow = overflows.cell(Map.of());

    SeriesKey key(Told told, Protocol protocol) {
      MeshView now = mesh.get();
      TagPlan plan = view.plan(told.caller.destination().telemetry().rules());
      boolean http = protocol != Protocol.TCP;
      return new SeriesKey(
          view.source(now, told.caller),
          view.service(now, told.caller, told.cluster),
          view.destination(told.endpoint),
          protocol,
          http ? told.status : -1,
          http ? known(told.grpcStatus) : -1,
          told.flags,
          plan,
          plan == TagPlan.USUAL
              ? List.of()
              : plan.values(new ToldFacts(told, view.sourceWorkload(now, told.caller))));
    }

    /** Endpoints may say any number; those that gRPC does not know are UNKNOWN. */
    private static int known(int grpcStatus) {
      return grpcStatus > 16 ? 2 : grpcStatus;
    }

    /** The series of {@code wanted}, which stays while it has users. */
    Series series(SeriesKey wanted) {
      Series found = series.get(wanted);
      if (found == null) {
        SeriesKey key = wanted;
        if (series.size() >= mostSeries) {
          overflow.increment();
          key = wanted.overflow();
        }
        found = series.computeIfAbsent(key, Series::new);
      }
      found.lastUsedMillis = clock.millis();
      return found;
    }

    void leave(Series left) {
      left.users--;
      left.lastUsedMillis = clock.millis();
    }

    void ended(Told told) {
      boolean grpc = told.isGrpc();
      Series of = series(key(told, grpc ? Protocol.GRPC : Protocol.HTTP));
      of.add(Metric.REQUEST_COUNT, 1);
      of.record(Metric.REQUEST_DURATION, (told.endNanos - told.startNanos) / 1e6);
      of.record(Metric.REQUEST_SIZE, told.bytesReceived);
      of.record(Metric.RESPONSE_SIZE, told.bytesSent);
      if (grpc) {
        of.add(Metric.GRPC_REQUEST_MESSAGES, told.requestMessages);
        of.add(Metric.GRPC_RESPONSE_MESSAGES, told.responseMessages);
      }
    }

    void forgetIdle() {
      long before = clock.millis() - IDLE.toMillis();
      series
          .values()
          .removeIf(each -> {
            boolean idle = each.users == 0 && each.lastUsedMillis < before;
            if (idle) {
              each.release();
            }
            return idle;
          });
    }
  }

  /** The cells of one label set on one loop, each made when it is first needed. */
  final class Series {
    private final TagPlan plan;
    private final List<String> custom;
    private final Map<String, String> labels;
    private final LoopCells.@Nullable Cell[] counts =
        new LoopCells.@Nullable Cell[Metric.values().length];
    private final LoopHistograms.@Nullable Cell[] records =
        new LoopHistograms.@Nullable Cell[Metric.values().length];
    int users;
    long lastUsedMillis;

    Series(SeriesKey key) {
      this.plan = key.plan();
      this.custom = key.custom();
      this.labels = key.labels();
    }

    void add(Metric metric, long amount) {
      LoopCells.Cell cell = counts[metric.ordinal()];
      if (cell == null) {
        LoopCells family = counters.get(metric);
        if (family == null || !plan.counts(metric)) {
          return;
        }
        cell = family.cell(plan.labels(metric, labels, custom));
        counts[metric.ordinal()] = cell;
      }
      cell.add(amount);
    }

    void record(Metric metric, double value) {
      LoopHistograms.Cell cell = records[metric.ordinal()];
      if (cell == null) {
        LoopHistograms family = histograms.get(metric);
        if (family == null || !plan.counts(metric)) {
          return;
        }
        cell = family.cell(plan.labels(metric, labels, custom));
        records[metric.ordinal()] = cell;
      }
      cell.record(value);
    }

    private void release() {
      for (LoopCells.Cell each : counts) {
        if (each != null) {
          each.release();
        }
      }
      for (LoopHistograms.Cell each : records) {
        if (each != null) {
          each.release();
        }
      }
    }
  }
}
