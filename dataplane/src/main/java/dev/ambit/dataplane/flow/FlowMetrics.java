package dev.ambit.dataplane.flow;

import io.netty.channel.EventLoop;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The TCP series of Istio (spec: ztunnel-observability §1.1). Each event loop adds to cells of its
 * own; a scrape reads their sums. A connection looks its series up when it opens and when it ends,
 * never while bytes flow.
 */
final class FlowMetrics implements MultiCollector {
  /** A series nobody touched for so long is dropped, so that workload churn costs no memory. */
  static final Duration IDLE = Duration.ofHours(1);

  private static final String OPENED = "istio_tcp_connections_opened";
  private static final String CLOSED = "istio_tcp_connections_closed";
  private static final String RECEIVED = "istio_tcp_received_bytes";
  private static final String SENT = "istio_tcp_sent_bytes";
  private static final String FAILED = "istio_tcp_connections_failed";
  private static final String SOCKETS = "istio_tcp_sockets_open";
  private static final String OVERFLOWED = "ambit_tcp_series_overflow";

  private static final int RETIRED = -1;

  private final InstantSource clock;
  private final int mostSeries;
  private final Map<FlowLabels, Series> series = new ConcurrentHashMap<>();
  private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();
  private final LongAdder overflowed = new LongAdder();

  FlowMetrics(InstantSource clock, int mostSeries) {
    this.clock = clock;
    this.mostSeries = mostSeries;
  }

  Loop loop(EventLoop of) {
    Loop known = loops.get(of);
    return known != null ? known : loops.computeIfAbsent(of, Loop::new);
  }

  /** Drops the series that were idle for {@link #IDLE}. Any thread but an event loop. */
  void forgetIdle() {
    long before = clock.millis() - IDLE.toMillis();
    boolean any =
        series.values().removeIf(one -> one.lastUsedMillis < before && one.retireWhenUnused());
    if (any) {
      loops.values().forEach(loop -> loop.owner.execute(loop::forgetRetired));
    }
  }

  @Override
  public MetricSnapshots collect() {
    CounterSnapshot.Builder opened = counter(OPENED, "The total number of TCP connections opened.");
    CounterSnapshot.Builder closed = counter(CLOSED, "The total number of TCP connections closed.");
    CounterSnapshot.Builder received =
        counter(
            RECEIVED,
            "The size of total bytes received during request in case of a TCP connection.");
    CounterSnapshot.Builder sent =
        counter(SENT, "The size of total bytes sent during response in case of a TCP connection.");
    CounterSnapshot.Builder failed =
        counter(FAILED, "The total number of TCP connections that failed to establish.");
    for (Series one : series.values()) {
      long opens = one.sum(cells -> cells.opened);
      if (opens > 0) {
        add(opened, one, opens);
        add(received, one, one.sum(cells -> cells.received));
        add(sent, one, one.sum(cells -> cells.sent));
      }
      long closes = one.sum(cells -> cells.closed);
      if (closes > 0) {
        add(closed, one, closes);
      }
      long failures = one.sum(cells -> cells.failed);
      if (failures > 0) {
        add(failed, one, failures);
      }
    }
    return MetricSnapshots.of(
        opened.build(),
        closed.build(),
        received.build(),
        sent.build(),
        failed.build(),
        sockets(),
        counter(OVERFLOWED, "Connections counted without labels since there are too many series.")
            .dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder().value(overflowed.sum()).build())
            .build());
  }

  private GaugeSnapshot sockets() {
    GaugeSnapshot.Builder open =
        GaugeSnapshot.builder().name(SOCKETS).help("The current number of open TCP sockets.");
    for (Flow.Direction direction : Flow.Direction.values()) {
      long sum = 0;
      for (Loop loop : loops.values()) {
        sum += loop.open(direction).getOpaque();
      }
      open.dataPoint(
          GaugeSnapshot.GaugeDataPointSnapshot.builder()
              .labels(Labels.of("reporter", FlowLabels.reporter(direction)))
              .value(sum)
              .build());
    }
    return open.build();
  }

  private static CounterSnapshot.Builder counter(String name, String help) {
    return CounterSnapshot.builder().name(name).help(help);
  }

  private static void add(CounterSnapshot.Builder to, Series series, long value) {
    to.dataPoint(
        CounterSnapshot.CounterDataPointSnapshot.builder()
            .labels(series.labels)
            .value(value)
            .build());
  }

  /** {@code wanted}, or the catch-all once there are too many series. */
  private FlowLabels admit(FlowLabels wanted) {
    if (series.size() < mostSeries || series.containsKey(wanted)) {
      return wanted;
    }
    overflowed.increment();
    return wanted.overflow();
  }

  private Cells join(FlowLabels labels) {
    while (true) {
      Series one = series.computeIfAbsent(labels, Series::new);
      if (one.enter()) {
        Cells mine = new Cells(one);
        one.cells.add(mine);
        return mine;
      }
      series.remove(labels, one);
    }
  }

  /** One label set. Retired once and for all; a later connection makes a new one. */
  private final class Series {
    private final Labels labels;
    private final List<Cells> cells = new CopyOnWriteArrayList<>();
    private final AtomicInteger users = new AtomicInteger();
    private volatile long lastUsedMillis;

    Series(FlowLabels labels) {
      this.labels = labels.labels();
      this.lastUsedMillis = clock.millis();
    }

    boolean enter() {
      int now;
      do {
        now = users.get();
        if (now == RETIRED) {
          return false;
        }
      } while (!users.compareAndSet(now, now + 1));
      return true;
    }

    void leave() {
      lastUsedMillis = clock.millis();
      users.decrementAndGet();
    }

    boolean retireWhenUnused() {
      return users.compareAndSet(0, RETIRED);
    }

    boolean retired() {
      return users.get() == RETIRED;
    }

    long sum(Function<Cells, AtomicLong> field) {
      long sum = 0;
      for (Cells one : cells) {
        sum += field.apply(one).getOpaque();
      }
      return sum;
    }
  }

  /**
   * The counters of one series on one event loop, which alone adds to them. Opaque writes: a scrape
   * may see them late, never torn, and adding costs no fence.
   */
  static final class Cells {
    private final Series series;
    private final AtomicLong opened = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong closed = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();

    private Cells(Series series) {
      this.series = series;
    }

    void opened() {
      add(opened, 1);
    }

    void received(long bytes) {
      add(received, bytes);
    }

    void sent(long bytes) {
      add(sent, bytes);
    }

    void closed() {
      add(closed, 1);
    }

    void failed() {
      add(failed, 1);
    }

    /** The connection no longer uses this series. */
    void leave() {
      series.leave();
    }
  }

  private static void add(AtomicLong cell, long more) {
    cell.setOpaque(cell.getPlain() + more);
  }

  /** What one event loop counts. Confined to it, but for the reads of a scrape. */
  final class Loop {
    private final EventLoop owner;
    private final Map<FlowLabels, Cells> mine = new HashMap<>();
    private final AtomicLong outboundOpen = new AtomicLong();
    private final AtomicLong inboundOpen = new AtomicLong();

    private Loop(EventLoop owner) {
      this.owner = owner;
    }

    /** The cells of a series, which stays until they are left. */
    Cells enter(FlowLabels wanted) {
      Cells known = entered(wanted);
      if (known != null) {
        return known;
      }
      FlowLabels admitted = admit(wanted);
      known = admitted == wanted ? null : entered(admitted);
      if (known != null) {
        return known;
      }
      Cells joined = join(admitted);
      mine.put(admitted, joined);
      return joined;
    }

    private @Nullable Cells entered(FlowLabels labels) {
      Cells known = mine.get(labels);
      return known != null && known.series.enter() ? known : null;
    }

    void socketOpened(Flow.Direction direction) {
      add(open(direction), 1);
    }

    void socketClosed(Flow.Direction direction) {
      add(open(direction), -1);
    }

    private AtomicLong open(Flow.Direction direction) {
      return switch (direction) {
        case OUTBOUND -> outboundOpen;
        case INBOUND -> inboundOpen;
      };
    }

    private void forgetRetired() {
      mine.values().removeIf(cells -> cells.series.retired());
    }
  }
}
