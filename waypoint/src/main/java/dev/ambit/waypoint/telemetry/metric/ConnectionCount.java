package dev.ambit.waypoint.telemetry.metric;

import dev.ambit.model.telemetry.EffectiveTelemetry.Metric;
import dev.ambit.waypoint.telemetry.Told;
import dev.ambit.waypoint.telemetry.metric.SeriesKey.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * Counts one connection that is not HTTP (spec: l7-telemetry §1); its bytes as they pass. Confined
 * to its loop.
 */
public final class ConnectionCount {
  private final RequestMetrics.Loop loop;
  private final Told told;
  private @Nullable SeriesKey key;
  private RequestMetrics.@Nullable Series series;

  ConnectionCount(RequestMetrics.Loop loop, Told told) {
    this.loop = loop;
    this.told = told;
  }

  /** It is known where it goes. */
  public void connected() {
    if (series == null) {
      open();
    }
  }

  private RequestMetrics.Series open() {
    SeriesKey opened = loop.key(told, Protocol.TCP).withFlags("-");
    RequestMetrics.Series of = loop.series(opened);
    of.users++;
    of.add(Metric.TCP_OPENED_CONNECTIONS, 1);
    of.add(Metric.TCP_RECEIVED_BYTES, 0);
    of.add(Metric.TCP_SENT_BYTES, 0);
    key = opened;
    series = of;
    return of;
  }

  public void received(int bytes) {
    RequestMetrics.Series of = series == null ? open() : series;
    of.add(Metric.TCP_RECEIVED_BYTES, bytes);
  }

  public void sent(int bytes) {
    RequestMetrics.Series of = series == null ? open() : series;
    of.add(Metric.TCP_SENT_BYTES, bytes);
  }

  /** It has ended, as {@code flags} of what is told of it say. */
  public void closed() {
    RequestMetrics.Series of = series == null ? open() : series;
    SeriesKey opened = key;
    RequestMetrics.Series ended =
        opened == null || opened.flags().equals(told.flags)
            ? of
            : loop.series(opened.withFlags(told.flags));
    ended.add(Metric.TCP_CLOSED_CONNECTIONS, 1);
    loop.leave(of);
  }
}
