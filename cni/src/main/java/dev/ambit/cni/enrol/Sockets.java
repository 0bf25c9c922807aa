package dev.ambit.cni.enrol;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Kernel.TcpState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads a pod's socket table: which sockets are ztunnel's, and which connections of the pod go past
 * it. ztunnel marks every socket it makes in a pod with 0x539, and a connection accepted by a
 * listener inherits its mark. Pure.
 */
public final class Sockets {
  private static final int MARK = 0x539;
  private static final int MARK_BITS = 0xfff;
  private static final int OUTBOUND = 15001;

  /** States in which bytes can still go one way or the other. */
  private static final Set<TcpState> OPEN =
      Set.of(TcpState.ESTABLISHED, TcpState.FIN_WAIT_1, TcpState.FIN_WAIT_2, TcpState.CLOSE_WAIT);

  private Sockets() {}

  private record Ends(InetSocketAddress local, InetSocketAddress remote) {}

  /** Whether ztunnel made {@code socket}. */
  public static boolean ofZtunnel(TcpSocket socket) {
    return (socket.mark() & MARK_BITS) == MARK;
  }

  /** Whether a program of the pod holds a socket. */
  public static boolean inUse(List<TcpSocket> sockets) {
    return sockets.stream().anyMatch(socket -> !ofZtunnel(socket) && socket.inode() != 0);
  }

  /**
   * Open connections that leave the pod without ztunnel. A captured one has a twin: outbound,
   * ztunnel's accepted socket on port 15001 has the application's address as its remote one;
   * inbound, ztunnel's own connection has the application's two addresses exchanged. Connections
   * within the pod are nobody's concern, and those of the probe address are let through on purpose.
   */
  public static List<TcpSocket> unproxied(List<TcpSocket> sockets) {
    Set<Ends> ends = new HashSet<>();
    Set<InetSocketAddress> taken = new HashSet<>();
    for (TcpSocket socket : sockets) {
      ends.add(new Ends(socket.local(), socket.remote()));
      if (ofZtunnel(socket) && socket.local().getPort() == OUTBOUND) {
        taken.add(socket.remote());
      }
    }
    return sockets.stream()
        .filter(socket -> OPEN.contains(socket.state()))
        .filter(socket -> !ofZtunnel(socket))
        .filter(socket -> !taken.contains(socket.local()))
        .filter(socket -> !ends.contains(new Ends(socket.remote(), socket.local())))
        .filter(socket -> !exempt(socket.remote().getAddress()))
        .toList();
  }

  private static boolean exempt(InetAddress address) {
    return address.isLoopbackAddress() || RedirectRules.isProbe(address);
  }
}
