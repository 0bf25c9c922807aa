package dev.ambit.dataplane.flow;

import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.Workload;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one connection, filled in as they become known, closed exactly once. Confined to one
 * event loop; made by {@link FlowRecorder#begin}.
 */
public final class Flow {
  /** Seen from the pod of this proxy. */
  public enum Direction {
    INBOUND,
    OUTBOUND
  }

  Flow() {}

  public void source(@Nullable Workload workload) {
    throw new UnsupportedOperationException("source");
  }

  public void destination(@Nullable Workload workload) {
    throw new UnsupportedOperationException("destination");
  }

  public void service(@Nullable Service service) {
    throw new UnsupportedOperationException("service");
  }

  /** The real next hop (outbound), or the address the connection was made to (inbound). */
  public void destinationAddress(InetSocketAddress address) {
    throw new UnsupportedOperationException("destinationAddress");
  }

  /** {@code :authority} of the tunnel stream. */
  public void authority(String authority) {
    throw new UnsupportedOperationException("authority");
  }

  /** The connection is protected by mutual TLS between these two. */
  public void mutualTls(SpiffeId source, SpiffeId destination) {
    throw new UnsupportedOperationException("mutualTls");
  }

  /**
   * Telemetry of the source as its proxy says it in {@code baggage}, used where no workload is
   * known.
   */
  public void baggage(String header) {
    throw new UnsupportedOperationException("baggage");
  }

  /** Past resolution: counted and logged as opened. */
  public void opened() {
    throw new UnsupportedOperationException("opened");
  }

  /** Bytes moved from the client toward the server; live in the counters. */
  public void toServer(long bytes) {
    throw new UnsupportedOperationException("toServer");
  }

  /** Bytes moved from the server toward the client; live in the counters. */
  public void toClient(long bytes) {
    throw new UnsupportedOperationException("toClient");
  }

  /** The end, once: counters, log line. Later calls do nothing. */
  public void closed() {
    throw new UnsupportedOperationException("closed");
  }

  /** The end by a failure: response flag, counters, log line with {@code detail}. */
  public void failed(Failure failure, String detail) {
    throw new UnsupportedOperationException("failed");
  }

  /** Refused before anything was resolved: one WARN line, no counters of connections. */
  public void refusedEarly(Failure failure, String detail) {
    throw new UnsupportedOperationException("refusedEarly");
  }
}
