package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Transport;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many connections of every ending leave nothing behind (spec: threat-model REL-022, REL-031). */
@Tag("kernel")
@Timeout(120)
final class ChurnTest {
  private static final int ROUNDS = 40;
  private static final int ECHO = 8080;
  private static final int RESETTING = 8082;
  private static final int CLOSED = 9999;
  private static final int SPEAKING = 8083;

  /** How a connection goes. */
  private enum Ending {
    ECHOED(ECHO),
    RESET_BY_CLIENT(ECHO),
    HALF_CLOSED(ECHO),
    SILENT(ECHO),
    RESET_BY_SERVER(RESETTING),
    REFUSED(CLOSED),
    READ_TO_THE_END(SPEAKING),
    ABANDONED_IN_THE_MIDDLE(SPEAKING);

    private final int port;

    Ending(int port) {
      this.port = port;
    }

    void of(Socket socket) throws IOException {
      switch (this) {
        case ECHOED -> {
          socket.getOutputStream().write(new byte[3_000]);
          assertThat(socket.getInputStream().readNBytes(3_000)).hasSize(3_000);
        }
        case RESET_BY_CLIENT -> {
          socket.getOutputStream().write(1);
          socket.setSoLinger(true, 0);
        }
        case HALF_CLOSED -> {
          socket.getOutputStream().write(1);
          socket.shutdownOutput();
          assertThat(socket.getInputStream().readAllBytes()).hasSize(1);
        }
        case SILENT -> {}
        case RESET_BY_SERVER, REFUSED -> {
          socket.getOutputStream().write(1);
          assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        case READ_TO_THE_END -> {
          socket.getOutputStream().write(1);
          assertThat(socket.getInputStream().readAllBytes()).hasSize(200_000);
        }
        case ABANDONED_IN_THE_MIDDLE -> {
          socket.getOutputStream().write(1);
          assertThat(socket.getInputStream().read()).isZero();
          socket.setSoLinger(true, 0);
        }
      }
    }
  }

  private static void everyEnding(TestNode node, TestNode.Pod client, TestNode.Pod server)
      throws Exception {
    client
        .network()
        .onOwnThread(() -> {
          for (int i = 0; i < ROUNDS; i++) {
            for (Ending ending : Ending.values()) {
              try (Socket socket = new Socket()) {
                socket.setSoTimeout(20_000);
                socket.connect(new InetSocketAddress(server.ipv4(), ending.port), 10_000);
                ending.of(socket);
              } catch (SocketException reset) {
                assertThat(ending).isIn(Ending.REFUSED, Ending.RESET_BY_SERVER);
              }
            }
          }
          return true;
        });
    while (!node.open.rows().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  private static int descriptors() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? 0 : open.length;
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL", "IO_URING"})
  @DisplayName("REL-022, REL-031: no descriptor, no row and no open count is left over")
  void leaves_nothing(Transport.Kind kind) throws Exception {
    try (TestNode node = new TestNode(kind)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(
          server.network(), ECHO, peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
      node.serve(
          server.network(),
          RESETTING,
          peer -> {
            peer.getInputStream().read();
            peer.setSoLinger(true, 0);
          });
      node.serve(
          server.network(),
          SPEAKING,
          peer -> {
            peer.getInputStream().read();
            peer.getOutputStream().write(new byte[200_000]);
          });
      everyEnding(node, client, server);
      int before = descriptors();
      everyEnding(node, client, server);
      // The programs of the test close their own ends a moment later.
      while (descriptors() > before + 8) {
        Thread.onSpinWait();
      }
      String metrics = new String(node.metrics.scrape("").body());
      while (!metrics.contains("istio_tcp_sockets_open{reporter=\"source\"} 0")) {
        metrics = new String(node.metrics.scrape("").body());
      }
      assertThat(client.running().tunnels()).allMatch(row -> row.streams() == 0);
    }
  }
}
