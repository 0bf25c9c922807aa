package dev.ambit.dataplane.flow;

import dev.ambit.daemon.LoopCells;
import dev.ambit.daemon.Metrics;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The TCP series of Istio (spec: ztunnel-observability §1.1). Each event loop adds to cells of its
 * own; a scrape reads their sums. A connection looks its series up when it opens and when it ends,
 * never while bytes flow.
 */
final class FlowMetrics {
  /** A series nobody touched for so long is dropped, so that workload churn costs no memory. */
  static final Duration IDLE = Duration.ofHours(1);

  private final InstantSource clock;
  private final int mostSeries;
  private final LoopCells opened;
  private final LoopCells closed;
  private final LoopCells received;
  private final LoopCells sent;
  private final LoopCells failed;
  private final LoopCells sockets;
  private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();

  /**
   * @param mostSeries label sets a loop keeps apart; further ones are counted as {@code unknown}
   */
  FlowMetrics(Metrics metrics, InstantSource clock, int mostSeries) {
    this.clock = clock;
    this.mostSeries = mostSeries;
    List<String> labels = FlowLabels.names(true);
    this.opened =
        metrics.counters(
            "istio_tcp_connections_opened", "The total number of TCP connections opened.", labels);
    this.closed =
        metrics.counters(
            "istio_tcp_connections_closed", "The total number of TCP connections closed.", labels);
    this.received =
        metrics.counters(
            "istio_tcp_received_bytes",
            "The size of total bytes received during request in case of a TCP connection.",
            labels);
    this.sent =
        metrics.counters(
            "istio_tcp_sent_bytes",
            "The size of total bytes sent during response in case of a TCP connection.",
            labels);
    this.failed =
        metrics.counters(
            "istio_tcp_connections_failed",
            "The total number of TCP connections that failed to establish (unstable).",
            labels);
    this.sockets =
        metrics.gauges(
            "istio_tcp_sockets_open",
            "The current number of open TCP sockets (unstable).",
            List.of("reporter"));
  }

  Loop loop(EventLoop of) {
    Loop known = loops.get(of);
    return known != null ? known : loops.computeIfAbsent(of, Loop::new);
  }

  /** Drops the series that were idle for {@link #IDLE}, each loop its own. Any thread. */
  void forgetIdle() {
    loops.forEach((owner, loop) -> owner.execute(loop::forgetIdle));
  }

  /** The counters of one series on one event loop. Confined to it. */
  final class Cells {
    private final Map<String, String> labels;
    private LoopCells.@Nullable Cell openedCell;
    private LoopCells.@Nullable Cell receivedCell;
    private LoopCells.@Nullable Cell sentCell;
    private LoopCells.@Nullable Cell closedCell;
    private LoopCells.@Nullable Cell failedCell;
    private int users;
    private long lastUsedMillis;

    private Cells(Map<String, String> labels) {
      this.labels = labels;
    }

    /** A connection has opened, which has moved these bytes until now. */
    void opened(long bytesToServer, long bytesToClient) {
      openedCell = add(openedCell, opened, 1);
      received(bytesToServer);
      sent(bytesToClient);
    }

    void received(long bytes) {
      receivedCell = add(receivedCell, received, bytes);
    }

    void sent(long bytes) {
      sentCell = add(sentCell, sent, bytes);
    }

    void closed() {
      closedCell = add(closedCell, closed, 1);
    }

    void failed() {
      failedCell = add(failedCell, failed, 1);
    }

    private LoopCells.Cell add(LoopCells.@Nullable Cell known, LoopCells family, long more) {
      LoopCells.Cell cell = known == null ? family.cell(labels) : known;
      cell.add(more);
      return cell;
    }

    /** The connection no longer uses this series. */
    void leave() {
      users--;
      lastUsedMillis = clock.millis();
    }

    private void release() {
      release(openedCell);
      release(receivedCell);
      release(sentCell);
      release(closedCell);
      release(failedCell);
    }

    private static void release(LoopCells.@Nullable Cell cell) {
      if (cell != null) {
        cell.release();
      }
    }
  }

  /** What one event loop counts. Confined to it. */
  final class Loop {
    private final Map<FlowLabels, Cells> mine = new HashMap<>();
    private final LoopCells.Cell outboundSockets;
    private final LoopCells.Cell inboundSockets;

    private Loop(EventLoop owner) {
      this.outboundSockets = sockets(Flow.Direction.OUTBOUND);
      this.inboundSockets = sockets(Flow.Direction.INBOUND);
    }

    private LoopCells.Cell sockets(Flow.Direction direction) {
      return sockets.cell(Map.of("reporter", FlowLabels.reporter(direction)));
    }

    /** The cells of a series, which stays until they are left. */
    Cells enter(FlowLabels wanted) {
      Cells cells = mine.get(wanted);
      if (cells == null) {
        FlowLabels labels = mine.size() < mostSeries ? wanted : wanted.overflow();
        cells = mine.computeIfAbsent(labels, missing -> new Cells(missing.labels()));
      }
      cells.users++;
      return cells;
    }

    void socketOpened(Flow.Direction direction) {
      open(direction).add(1);
    }

    void socketClosed(Flow.Direction direction) {
      open(direction).add(-1);
    }

    private LoopCells.Cell open(Flow.Direction direction) {
      return switch (direction) {
        case OUTBOUND -> outboundSockets;
        case INBOUND -> inboundSockets;
      };
    }

    private void forgetIdle() {
      long before = clock.millis() - IDLE.toMillis();
      mine.values()
          .removeIf(cells -> {
            boolean idle = cells.users == 0 && cells.lastUsedMillis < before;
            if (idle) {
              cells.release();
            }
            return idle;
          });
    }
  }
}
