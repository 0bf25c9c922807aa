package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What applications see of connections that go through tunnels. */
@Tag("kernel")
class TunnelTest {
  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod near;
  private static TestPod server;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.start();
    client = mesh.pod("shop", "client", "node-a");
    near = mesh.pod("shop", "near", "node-a");
    server = mesh.pod("shop", "server", "node-b");
    near.echoes(8080);
    server.echoes(8080);
    server.echoes(8081);
    mesh.enrols("shop");
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  @Test
  @DisplayName("hbone 18: a tunnel to a pod of the other node and of the same one")
  void same_and_other_node() throws Exception {
    assertThat(client.reaches(server, 8080)).isTrue();
    assertThat(client.reaches(near, 8080)).isTrue();
    assertThat(mesh.node("node-a").page("/tunnels")).contains(server.ipv4() + ":15008");
  }

  @Test
  void a_service_is_balanced_over_its_healthy_pods() throws Exception {
    EchoServer first = mesh.pod("shop", "back-1", "node-a").echoes(8080);
    EchoServer second = mesh.pod("shop", "back-2", "node-b").echoes(8080);
    mesh.apply(
        "service",
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: back
          namespace: shop
        spec:
          clusterIP: 10.212.1.1
          ports:
          - port: 80
            targetPort: 8080
          selector:
            group: back
        """);
    mesh.awaitCaptured("shop");
    Until.holds("the service is known", () -> client.reaches("10.212.1.1", 80));

    for (int i = 0; i < 40; i++) {
      assertThat(client.reaches("10.212.1.1", 80)).isTrue();
    }

    assertThat(first.callers()).hasSizeGreaterThan(5).containsOnly(client.ipv4());
    assertThat(second.callers()).hasSizeGreaterThan(5).containsOnly(client.ipv4());
  }

  @Test
  void a_server_that_speaks_first_is_heard() throws Exception {
    ServerSocket listener = server.listens(6379);
    try (Talk talk = client.connects(server, 6379);
        Socket accepted = listener.accept()) {
      accepted.getOutputStream().write("+PONG\r\n".getBytes());
      assertThat(talk.hears(7)).isEqualTo("+PONG\r\n");
    }
  }

  @Test
  @DisplayName("hbone 40: a client that half-closes still gets all of a 10 MiB answer")
  void half_close() throws Exception {
    ServerSocket listener = server.listens(8091);
    byte[] answer = new byte[10 << 20];
    try (Talk talk = client.connects(server, 8091);
        Socket accepted = listener.accept()) {
      talk.says("request").finishes();
      assertThat(new String(accepted.getInputStream().readAllBytes())).isEqualTo("request");
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  accepted.getOutputStream().write(answer);
                  accepted.shutdownOutput();
                } catch (IOException e) {
                  // The reader tells.
                }
              });
      assertThat(talk.socket().getInputStream().readAllBytes()).hasSize(answer.length);
      writer.join();
    }
  }

  @Test
  @DisplayName("hbone 41: a client that resets ends the server's connection")
  void reset() throws Exception {
    ServerSocket listener = server.listens(8092);
    Talk talk = client.connects(server, 8092);
    try (Socket accepted = listener.accept()) {
      accepted.setSoTimeout(10_000);
      talk.says("x");
      assertThat(accepted.getInputStream().read()).isEqualTo('x');
      talk.resets();
      int end;
      try {
        end = accepted.getInputStream().read();
      } catch (IOException e) {
        end = -1;
        assertThat(e).hasMessageContaining("reset");
      }
      assertThat(end).isEqualTo(-1);
    }
  }

  @Test
  @DisplayName("hbone 26: a closed port of the destination closes the client's connection")
  void closed_port() throws Exception {
    mesh.forgetLog();
    try (Talk talk = client.connects(server, 9)) {
      assertThat(talk.end()).isIn("FIN", "RST");
    } catch (IOException e) {
      assertThat(e).hasMessageMatching(".*(refused|reset).*");
    }
    Until.holds(
        "a line says why",
        () -> mesh.logged().toString(),
        () -> !mesh.logged("direction=\"outbound\"", "error=").isEmpty());
  }

  @Test
  void fifty_connections_share_few_tunnels() throws Exception {
    List<Talk> talks = new ArrayList<>();
    try {
      for (int i = 0; i < 50; i++) {
        Talk talk = client.connects(server, 8080);
        talks.add(talk);
        assertThat(talk.echoes("hello " + i)).isTrue();
      }
      long tunnels =
          client
              .run("ss", "-Htn", "state", "established", "dport", "=", ":15008")
              .output()
              .lines()
              .count();
      assertThat(tunnels).isBetween(1L, 4L);
    } finally {
      for (Talk talk : talks) {
        talk.close();
      }
    }
  }

  @ParameterizedTest(name = "the {0} closes first")
  @ValueSource(strings = {"client", "server"})
  @DisplayName("performance: a client port reused toward another destination does not stall")
  void port_reuse(String first) throws Exception {
    boolean client = first.equals("client");
    int[] ports = client ? new int[] {8080, 8081} : new int[] {8181, 8182};
    if (!client) {
      for (int port : ports) {
        answersOnce(port);
      }
    }
    List<Duration> took = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      long begin = System.nanoTime();
      try (Talk talk = TunnelTest.client.connectsFrom(34_567, server.ipv4(), ports[i % 2])) {
        took.add(Duration.ofNanos(System.nanoTime() - begin));
        assertThat(talk.echoes("x")).as("connection " + i).isTrue();
        if (client) {
          talk.finishes();
        }
        assertThat(talk.hearsAll()).isEmpty();
      }
    }
    Collections.sort(took);
    System.getLogger("port-reuse")
        .log(
            System.Logger.Level.INFO,
            "connect, {0} closes first: p50 {1} us, p90 {2} us, worst {3} us",
            first,
            took.get(30).toNanos() / 1000,
            took.get(54).toNanos() / 1000,
            took.getLast().toNanos() / 1000);
    assertThat(took.get(54)).as("p90").isLessThan(Duration.ofMillis(50));
    assertThat(took.getLast()).as("no repeated SYN").isLessThan(Duration.ofMillis(900));
  }

  /** Echoes one byte and closes. */
  private static void answersOnce(int port) throws Exception {
    ServerSocket listener = server.listens(port);
    Thread.ofVirtual()
        .start(() -> {
          while (!listener.isClosed()) {
            try (Socket accepted = listener.accept()) {
              accepted.getOutputStream().write(accepted.getInputStream().read());
            } catch (IOException e) {
              // Nobody came, or closed.
            }
          }
        });
  }

  @Test
  @DisplayName("hbone 47: a deleted pod's tunnels close at once")
  void deleted_pod() throws Exception {
    TestPod victim = victim("victim-1");
    try (Talk talk = client.connects(victim, 8080)) {
      assertThat(talk.echoes("alive")).isTrue();
      mesh.forget(victim);
      assertThat(talk.end()).isIn("FIN", "RST");
    }
    victim.dies();
    Until.holds("forgotten", () -> mesh.node("node-a").protocolOf(victim).isEmpty());
    assertThat(client.reaches(server, 8080)).isTrue();
  }

  @Test
  @DisplayName("hbone 44: a pod whose network is torn out under traffic is given up within 35 s")
  void torn_out_pod() throws Exception {
    TestPod victim = victim("victim-2");
    try (Talk talk = client.connects(victim, 8080)) {
      assertThat(talk.echoes("alive")).isTrue();
      victim.dies();
      mesh.forget(victim);
      talk.socket().setSoTimeout(35_000);
      assertThat(talk.endAfter("still there?")).isIn("FIN", "RST");
    }
    assertThat(client.reaches(server, 8080)).isTrue();
  }

  private static TestPod victim(String name) throws Exception {
    TestPod victim = mesh.pod("shop", name, "node-b");
    victim.echoes(8080);
    mesh.awaitCaptured(victim);
    return victim;
  }
}
