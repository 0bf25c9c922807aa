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

  private final FlowRecorder recorder;
  private final FlowMetrics.Loop loop;
  private final Direction direction;
  private final InetSocketAddress sourceAddress;
  private final long begunMillis;

  private InetSocketAddress reachedAddress;
  private @Nullable Workload source;
  private @Nullable Workload destination;
  private @Nullable Service service;
  private @Nullable String tunnelAuthority;
  private @Nullable SpiffeId sourceIdentity;
  private @Nullable SpiffeId destinationIdentity;
  private @Nullable Baggage baggage;
  private FlowMetrics.@Nullable Cells cells;
  private long bytesToServer;
  private long bytesToClient;
  private boolean ended;

  Flow(
      FlowRecorder recorder,
      FlowMetrics.Loop loop,
      Direction direction,
      InetSocketAddress source,
      InetSocketAddress destination) {
    this.recorder = recorder;
    this.loop = loop;
    this.direction = direction;
    this.sourceAddress = source;
    this.reachedAddress = destination;
    this.begunMillis = recorder.clock().millis();
    loop.socketOpened(direction);
  }

  public void source(@Nullable Workload workload) {
    source = workload;
  }

  public void destination(@Nullable Workload workload) {
    destination = workload;
  }

  public void service(@Nullable Service addressed) {
    service = addressed;
  }

  /** The real next hop (outbound), or the address the connection was made to (inbound). */
  public void destinationAddress(InetSocketAddress address) {
    reachedAddress = address;
  }

  /** {@code :authority} of the tunnel stream. */
  public void authority(String authority) {
    tunnelAuthority = authority;
  }

  /** The connection is protected by mutual TLS between these two. */
  public void mutualTls(SpiffeId sourceIdentity, SpiffeId destinationIdentity) {
    this.sourceIdentity = sourceIdentity;
    this.destinationIdentity = destinationIdentity;
  }

  /**
   * Telemetry of the far side as its proxy says it in {@code baggage}: of the source (inbound), or
   * of the destination in the answer (outbound). Used where no workload is known.
   */
  public void baggage(String header) {
    baggage = Baggage.parse(header);
  }

  /** Past resolution: counted and logged as opened. */
  public void opened() {
    if (ended || cells != null) {
      return;
    }
    FlowMetrics.Cells entered = loop.enter(labels(FlowLabels.NO_FLAGS));
    entered.opened(bytesToServer, bytesToClient);
    cells = entered;
    recorder.accessLog().opened(this);
  }

  /** Bytes moved from the client toward the server; live in the counters. */
  public void toServer(long bytes) {
    bytesToServer += bytes;
    if (cells != null) {
      cells.received(bytes);
    }
  }

  /** Bytes moved from the server toward the client; live in the counters. */
  public void toClient(long bytes) {
    bytesToClient += bytes;
    if (cells != null) {
      cells.sent(bytes);
    }
  }

  /** The end, once: counters, log line. Later calls do nothing. */
  public void closed() {
    end(null, null);
  }

  /** The end by a failure: response flag, counters, log line with {@code detail}. */
  public void failed(Failure failure, String detail) {
    end(failure, detail);
  }

  /** Refused before anything was resolved: one WARN line, no counters of connections. */
  public void refusedEarly(Failure failure, String detail) {
    if (ended) {
      return;
    }
    if (cells != null) {
      // It was counted as opened, so it must be counted as closed.
      end(failure, detail);
      return;
    }
    ended = true;
    loop.socketClosed(direction);
    recorder.accessLog().refused(this, detail);
  }

  private void end(@Nullable Failure failure, @Nullable String detail) {
    if (ended) {
      return;
    }
    ended = true;
    loop.socketClosed(direction);
    FlowMetrics.Cells last =
        loop.enter(labels(failure == null ? FlowLabels.NO_FLAGS : failure.flag()));
    last.closed();
    if (failure != null) {
      last.failed();
    }
    last.leave();
    if (cells != null) {
      cells.leave();
      cells = null;
    }
    recorder.accessLog().complete(this, recorder.clock().millis() - begunMillis, detail);
  }

  private FlowLabels labels(String flags) {
    FlowLabels.Side from = sourceSide();
    FlowLabels.Side to = destinationSide();
    return new FlowLabels(
        direction,
        from,
        sourcePrincipal(),
        serviceNames(),
        to,
        destinationPrincipal(),
        flags,
        mutual(),
        source != null || destination != null || baggage != null);
  }

  Direction direction() {
    return direction;
  }

  InetSocketAddress sourceAddress() {
    return sourceAddress;
  }

  InetSocketAddress reachedAddress() {
    return reachedAddress;
  }

  @Nullable String tunnelAuthority() {
    return tunnelAuthority;
  }

  long bytesToServer() {
    return bytesToServer;
  }

  long bytesToClient() {
    return bytesToClient;
  }

  boolean mutual() {
    return sourceIdentity != null;
  }

  FlowLabels.Side sourceSide() {
    return side(source, direction == Direction.INBOUND);
  }

  FlowLabels.Side destinationSide() {
    return side(destination, direction == Direction.OUTBOUND);
  }

  private FlowLabels.Side side(@Nullable Workload workload, boolean far) {
    if (workload != null) {
      return FlowLabels.Side.of(workload);
    }
    return far && baggage != null ? FlowLabels.Side.of(baggage) : FlowLabels.Side.NOBODY;
  }

  FlowLabels.ServiceNames serviceNames() {
    return FlowLabels.ServiceNames.of(service);
  }

  /** Only what TLS has proven; never derived from an address. */
  String sourcePrincipal() {
    return sourceIdentity == null ? FlowLabels.UNKNOWN : sourceIdentity.toString();
  }

  String destinationPrincipal() {
    if (destinationIdentity != null) {
      return destinationIdentity.toString();
    }
    return destination == null ? FlowLabels.UNKNOWN : destination.identity().toString();
  }

  @Nullable String sourceName() {
    return name(source, sourceSide());
  }

  @Nullable String destinationName() {
    return name(destination, destinationSide());
  }

  private static @Nullable String name(@Nullable Workload workload, FlowLabels.Side side) {
    if (workload != null && !workload.name().isEmpty()) {
      return workload.name();
    }
    return side.canonicalService().equals(FlowLabels.UNKNOWN) ? null : side.canonicalService();
  }
}
