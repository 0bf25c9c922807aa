package dev.ambit.cni.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.kernel.Kernel.TcpSocket;
import dev.ambit.daemon.kernel.Kernel.TcpState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class SocketsTest {
  private static final int ZTUNNEL = 0x539;

  @Test
  void an_outbound_connection_taken_by_ztunnel_is_not_unproxied() {
    assertThat(
            Sockets.unproxied(
                List.of(
                    socket("10.0.0.1:40000", "10.0.0.9:80", 0),
                    socket("127.0.0.1:15001", "10.0.0.1:40000", ZTUNNEL))))
        .isEmpty();
  }

  @Test
  void an_inbound_connection_that_ztunnel_made_is_not_unproxied() {
    assertThat(
            Sockets.unproxied(
                List.of(
                    socket("10.0.0.1:8080", "10.0.0.7:51000", 0),
                    socket("10.0.0.7:51000", "10.0.0.1:8080", ZTUNNEL))))
        .isEmpty();
  }

  @Test
  void connections_without_a_twin_are() {
    TcpSocket out = socket("10.0.0.1:40000", "10.0.0.9:80", 0);
    TcpSocket in = socket("[fd00::1]:8080", "[fd00::7]:51000", 0);

    assertThat(
            Sockets.unproxied(
                List.of(out, in, socket("127.0.0.1:15001", "10.0.0.1:40001", ZTUNNEL))))
        .containsExactly(out, in);
  }

  @Test
  void what_stays_in_the_pod_or_comes_from_the_probe_address_is_not() {
    assertThat(
            Sockets.unproxied(
                List.of(
                    socket("127.0.0.1:5000", "127.0.0.1:6000", 0),
                    socket("10.0.0.1:5000", "10.0.0.1:6000", 0),
                    socket("10.0.0.1:6000", "10.0.0.1:5000", 0),
                    socket("10.0.0.1:8080", "169.254.7.127:40000", 0),
                    socket(
                        "[fd00::1]:8080", "[fd16:9254:7127:1337:ffff:ffff:ffff:ffff]:40000", 0))))
        .isEmpty();
  }

  @Test
  void only_sockets_of_programs_count_as_use() {
    TcpSocket orphan =
        new TcpSocket(at("10.0.0.1:1"), at("10.0.0.2:2"), TcpState.FIN_WAIT_2, 0, 0, 0);
    TcpSocket listening =
        new TcpSocket(at("0.0.0.0:80"), at("0.0.0.0:0"), TcpState.LISTEN, 7, 0, 0);

    assertThat(Sockets.inUse(List.of(orphan, socket("0.0.0.0:15001", "0.0.0.0:0", ZTUNNEL))))
        .isFalse();
    assertThat(Sockets.inUse(List.of(orphan, listening))).isTrue();
  }

  private static TcpSocket socket(String local, String remote, int mark) {
    return new TcpSocket(at(local), at(remote), TcpState.ESTABLISHED, 1, 0, mark);
  }

  private static InetSocketAddress at(String text) {
    int colon = text.lastIndexOf(':');
    String ip = text.substring(0, colon).replace("[", "").replace("]", "");
    return new InetSocketAddress(
        InetAddress.ofLiteral(ip), Integer.parseInt(text.substring(colon + 1)));
  }
}
