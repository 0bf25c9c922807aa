package dev.ambit.dataplane.flow;

import dev.ambit.daemon.Log;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The line a connection leaves in the log (spec: ztunnel-observability §2). */
final class AccessLog {
  private final Log log = Log.scope("access");

  void opened(Flow flow) {
    if (log.enabled(Log.Level.DEBUG)) {
      log.debug("connection opened", fields(flow, false, 0, null));
    }
  }

  void complete(Flow flow, long millis, @Nullable String error) {
    Log.Level level = error == null ? Log.Level.INFO : Log.Level.ERROR;
    if (log.enabled(level)) {
      log.log(level, "connection complete", fields(flow, true, millis, error));
    }
  }

  void refused(Flow flow, String error) {
    log.warn(
        "connection failed",
        "src.addr",
        plain(flow.sourceAddress()),
        "dst.addr",
        plain(flow.reachedAddress()),
        "direction",
        direction(flow),
        "error",
        error);
  }

  private static @Nullable Object[] fields(
      Flow flow, boolean ended, long millis, @Nullable String error) {
    boolean outbound = flow.direction() == Flow.Direction.OUTBOUND;
    boolean mutual = flow.mutual();
    FlowLabels.Side source = flow.sourceSide();
    FlowLabels.Side destination = flow.destinationSide();
    // From the view of the application beside this proxy: what it sent, what it received.
    long sent = outbound ? flow.bytesToServer() : flow.bytesToClient();
    long received = outbound ? flow.bytesToClient() : flow.bytesToServer();
    return new @Nullable Object[] {
      "src.addr", plain(flow.sourceAddress()),
      "src.workload", flow.sourceName(),
      "src.namespace", known(source.namespace()),
      "src.identity", mutual ? flow.sourcePrincipal() : null,
      "src.cluster", known(source.cluster()),
      "dst.addr", plain(flow.reachedAddress()),
      "dst.hbone_addr", flow.tunnelAuthority() == null ? null : plainText(flow.tunnelAuthority()),
      "dst.service", known(flow.serviceNames().hostname()),
      "dst.workload", flow.destinationName(),
      "dst.namespace", known(destination.namespace()),
      "dst.identity", mutual ? flow.destinationPrincipal() : null,
      "dst.cluster", known(destination.cluster()),
      "direction", direction(flow),
      "bytes_sent", ended ? new Log.Plain(sent) : null,
      "bytes_recv", ended ? new Log.Plain(received) : null,
      "duration", ended ? millis + "ms" : null,
      "error", error
    };
  }

  private static @Nullable String known(String value) {
    return value.equals(FlowLabels.UNKNOWN) ? null : value;
  }

  private static String direction(Flow flow) {
    return switch (flow.direction()) {
      case INBOUND -> "inbound";
      case OUTBOUND -> "outbound";
    };
  }

  private static Log.Plain plain(InetSocketAddress address) {
    return plainText(NetUtil.toSocketAddressString(address));
  }

  private static Log.Plain plainText(String text) {
    return new Log.Plain(text);
  }
}
