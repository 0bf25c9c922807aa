package dev.ambit.cni.pods;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Connections of one pod that are older than its enrolment and still pass ztunnel by. New ones are
 * taken in only shortly after the capture (a handshake may have been under way), then the list only
 * shrinks. Confined to the pod's loop.
 */
final class UnproxiedConnections {
  private record Ends(InetSocketAddress local, InetSocketAddress remote) {}

  private final Duration stragglers;
  private Instant openUntil = Instant.MIN;
  private Map<Ends, PodStatus.Unproxied> known = Map.of();

  UnproxiedConnections(Duration stragglers) {
    this.stragglers = stragglers;
  }

  void captured(Instant when) {
    openUntil = when.plus(stragglers);
  }

  /** Whether looking can change anything. */
  boolean due(Instant now) {
    return !known.isEmpty() || now.isBefore(openUntil);
  }

  /** Takes in what {@code past} shows now. */
  void look(List<TcpSocket> past, Instant now) {
    Map<Ends, PodStatus.Unproxied> next = new LinkedHashMap<>();
    for (TcpSocket socket : past) {
      Ends ends = new Ends(socket.local(), socket.remote());
      PodStatus.Unproxied before = known.get(ends);
      if (before != null) {
        next.put(ends, before);
      } else if (now.isBefore(openUntil)) {
        next.put(ends, new PodStatus.Unproxied(socket, now));
      }
    }
    known = next;
  }

  void clear() {
    openUntil = Instant.MIN;
    known = Map.of();
  }

  List<PodStatus.Unproxied> list() {
    return List.copyOf(known.values());
  }
}
