package dev.ambit.dataplane.flow;

import dev.ambit.daemon.Metrics;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.InstantSource;

/** Begins flows and owns what they are counted in (spec: ztunnel-observability §1.1, §2). */
public final class FlowRecorder {
  public FlowRecorder(Metrics metrics, InstantSource clock) {
    throw new UnsupportedOperationException("FlowRecorder");
  }

  /** Called on {@code loop}, which owns the flow and its counter cells. */
  public Flow begin(
      Flow.Direction direction,
      EventLoop loop,
      InetSocketAddress source,
      InetSocketAddress destination) {
    throw new UnsupportedOperationException("begin");
  }
}
