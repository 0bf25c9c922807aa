package dev.ambit.dataplane.flow;

import dev.ambit.daemon.Metrics;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.InstantSource;

/** Begins flows and owns what they are counted in (spec: ztunnel-observability §1.1, §2). */
public final class FlowRecorder {
  /** Label sets beyond so many on one loop are counted together, as {@code unknown}. */
  private static final int MOST_SERIES = 20_000;

  private final InstantSource clock;
  private final FlowMetrics metrics;
  private final AccessLog accessLog = new AccessLog();

  public FlowRecorder(Metrics metrics, InstantSource clock) {
    this(metrics, clock, MOST_SERIES);
  }

  FlowRecorder(Metrics metrics, InstantSource clock, int mostSeries) {
    this.clock = clock;
    this.metrics = new FlowMetrics(metrics, clock, mostSeries);
  }

  /** Called on {@code loop}, which owns the flow and its counter cells. */
  public Flow begin(
      Flow.Direction direction,
      EventLoop loop,
      InetSocketAddress source,
      InetSocketAddress destination) {
    return new Flow(this, metrics.loop(loop), direction, source, destination);
  }

  /** Drops metric series nobody used for an hour. To be called now and then, off event loops. */
  public void forgetIdleSeries() {
    metrics.forgetIdle();
  }

  InstantSource clock() {
    return clock;
  }

  AccessLog accessLog() {
    return accessLog;
  }
}
