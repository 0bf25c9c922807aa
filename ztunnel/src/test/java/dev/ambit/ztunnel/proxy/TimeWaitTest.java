package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.ztunnel.proxy.Namespaces.Place;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The trap at the end of performance.md. Redirection maps all destinations to one listener, so a
 * client port used again toward another destination meets what the last connection left there in
 * TIME_WAIT. Timestamps are offset per destination; half of the time they seem to run backwards,
 * and then the SYN is answered with an ACK and has to be sent again, 8 to 12 ms later.
 */
@Tag("kernel")
@Timeout(120)
final class TimeWaitTest {
  private static final int PORTS = 40;
  private static final int FIRST_PORT = 40_000;

  /** Says a byte and closes first. */
  private static void sayAndClose(Socket peer) throws IOException {
    peer.getInputStream().read();
    peer.getOutputStream().write('x');
  }

  /** Every port once, to one destination. The server closes first, as many do. */
  private static void useEveryPort(Netns network, String from, InetSocketAddress to)
      throws Exception {
    network.onOwnThread(() -> {
      for (int i = 0; i < PORTS; i++) {
        try (Socket socket = new Socket()) {
          socket.setReuseAddress(true);
          socket.setSoTimeout(10_000);
          socket.bind(new InetSocketAddress(from, FIRST_PORT + i));
          socket.connect(to, 10_000);
          socket.getOutputStream().write('q');
          assertThat(socket.getInputStream().readAllBytes()).containsExactly('x');
        }
      }
      return true;
    });
  }

  /** Lets NAT forget closed connections quickly: else it hides the trap behind other ports. */
  private static void forgetQuickly(TestNode node, Place place) {
    node.namespaces.run(place, "sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_time_wait=1");
    node.namespaces.run(place, "sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_last_ack=1");
    node.namespaces.run(place, "sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=1");
  }

  private static void waitUntilForgotten(TestNode node, Place place) {
    String listed;
    do {
      listed = node.namespaces.run(place, "conntrack -L -p tcp");
    } while (IntStream.range(FIRST_PORT, FIRST_PORT + PORTS)
        .mapToObj(port -> "sport=" + port + " ")
        .anyMatch(listed::contains));
  }

  private static long repeatedSyns(TestNode node, Place place) {
    List<String> lines = node.namespaces.run(place, "cat /proc/net/netstat").lines().toList();
    String[] names = lines.get(0).split(" ");
    String[] values = lines.get(1).split(" ");
    return Long.parseLong(values[List.of(names).indexOf("TCPSynRetrans")]);
  }

  private static long lingering(TestNode node, Place place) {
    return node.namespaces
        .run(place, "cat /proc/net/tcp /proc/net/tcp6")
        .lines()
        .map(line -> line.strip().split(" +"))
        .filter(words -> words.length > 3 && words[3].equals("06"))
        .count();
  }

  @Test
  @DisplayName("the trap: a listener that closes first makes later SYNs be repeated")
  void without_us() throws Exception {
    Namespaces.require("conntrack", "sysctl");
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      Place place = node.namespaces.enrolled("bare");
      forgetQuickly(node, place);
      try (Netns network = place.open()) {
        node.serve(network, 15001, TimeWaitTest::sayAndClose);
        useEveryPort(network, place.ipv4(), new InetSocketAddress("10.77.0.200", 80));
        waitUntilForgotten(node, place);
        useEveryPort(network, place.ipv4(), new InetSocketAddress("10.77.0.201", 80));
        assertThat(lingering(node, place)).isGreaterThanOrEqualTo(PORTS);
        assertThat(repeatedSyns(node, place)).isGreaterThan(PORTS / 8);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL", "IO_URING"})
  @DisplayName("the trap avoided: nothing lingers at our listener, and no SYN is repeated")
  void with_us(Transport.Kind kind) throws Exception {
    Namespaces.require("conntrack", "sysctl");
    try (TestNode node = new TestNode(kind)) {
      var client = node.pod("client");
      var server = node.pod("server");
      forgetQuickly(node, client.place());
      node.serve(server.network(), 8080, TimeWaitTest::sayAndClose);
      node.serve(server.network(), 8081, TimeWaitTest::sayAndClose);
      String from = client.place().ipv4();
      useEveryPort(client.network(), from, new InetSocketAddress(server.ipv4(), 8080));
      waitUntilForgotten(node, client.place());
      useEveryPort(client.network(), from, new InetSocketAddress(server.ipv4(), 8081));
      assertThat(lingering(node, client.place())).isZero();
      assertThat(repeatedSyns(node, client.place())).isZero();
      // The listener is still there.
      node.connect(client.network(), server.ipv6(), 8081).close();
    }
  }

  @Test
  @DisplayName("client ports toward the application do not run out: nothing lingers there either")
  void spoofed_sockets() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(
          server.network(), 8080, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      client
          .network()
          .onOwnThread(() -> {
            for (int i = 0; i < PORTS; i++) {
              try (Socket socket = new Socket(server.ipv4(), 8080)) {
                socket.setSoTimeout(10_000);
                socket.getOutputStream().write('q');
                socket.shutdownOutput();
                assertThat(socket.getInputStream().readAllBytes()).containsExactly('q');
              }
            }
            return true;
          });
      assertThat(lingering(node, server.place())).isZero();
    }
  }
}
