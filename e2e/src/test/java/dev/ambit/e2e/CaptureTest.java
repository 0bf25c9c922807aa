package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Sniffer;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is captured, what is not, and what the wire and the application see of it. */
@Tag("kernel")
class CaptureTest {
  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod server;
  private static TestPod outside;
  private static EchoServer echo;
  private static EchoServer outsideEcho;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.start();
    client = mesh.pod("shop", "client", "node-a");
    server = mesh.pod("shop", "server", "node-b");
    outside = mesh.pod("outside", "host", "node-b");
    echo = server.echoes(8080);
    outsideEcho = outside.echoes(8080);
    mesh.apply(
        "service",
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: server
          namespace: shop
        spec:
          clusterIP: 10.212.0.1
          clusterIPs: ["10.212.0.1", "fd00:212::1"]
          ipFamilyPolicy: PreferDualStack
          ipFamilies: [IPv4, IPv6]
          selector:
            app: server
          ports:
          - port: 80
            targetPort: 8080
        """);
    mesh.enrols("shop");
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  @ParameterizedTest(name = "IPv{0}")
  @ValueSource(ints = {4, 6})
  @DisplayName("redirection 1, 16: only A to B:15008 on the wire, and the application sees A")
  void encrypted_on_the_wire(int family) throws Exception {
    String from = family == 4 ? client.ipv4() : canonical(client.ipv6());
    String to = family == 4 ? server.ipv4() : canonical(server.ipv6());
    int before = echo.callers().size();
    try (Sniffer sniffer = Sniffer.on(mesh)) {
      try (Talk talk = client.connects(to, 8080)) {
        assertThat(talk.echoes("a secret between the two")).isTrue();
      }
      Until.holds(
          "something on the wire",
          () ->
              sniffer.segments().stream()
                  .anyMatch(
                      s -> s.from().equals(from) && s.to().equals(to) && s.toPort() == 15008));
      assertThat(sniffer.segments())
          .allSatisfy(s -> assertThat(List.of(s.fromPort(), s.toPort())).contains(15008));
      assertThat(sniffer.saw("a secret")).isFalse();
    }
    assertThat(echo.callers().get(before)).isEqualTo(family == 4 ? from : long6(client.ipv6()));
  }

  @Test
  @DisplayName("redirection 2: to a host outside the mesh, plain TCP that comes from A")
  void to_the_outside() throws Exception {
    int before = outsideEcho.callers().size();
    try (Sniffer sniffer = Sniffer.on(mesh);
        Talk talk = client.connects(outside, 8080)) {
      assertThat(talk.echoes("for everyone to read")).isTrue();
      Until.holds("plaintext on the wire", () -> sniffer.saw("for everyone to read"));
    }
    assertThat(outsideEcho.callers().get(before)).isEqualTo(client.ipv4());
  }

  @Test
  @DisplayName("redirection 3: from outside the mesh, plain TCP through ztunnel, source kept")
  void from_the_outside() throws Exception {
    int before = echo.callers().size();
    try (Talk talk = outside.connects(server, 8080)) {
      assertThat(talk.echoes("hello")).isTrue();
      assertThat(
              server
                  .run("nft", "list", "chain", "inet", "istio-ambient-nat", "istio-prerouting")
                  .output())
          .containsPattern("counter packets [1-9]\\d* bytes \\d+ redirect to :15006");
    }
    assertThat(echo.callers().get(before)).isEqualTo(outside.ipv4());
  }

  @Test
  @DisplayName("redirection 4: plain text to the tunnel port is refused, and nothing loops")
  void plaintext_to_the_tunnel_port() throws Exception {
    int before = echo.callers().size();
    try (Talk talk = outside.connects(server, 15008)) {
      talk.says("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      assertThat(talk.end()).isIn("FIN", "RST", "byte 21");
    }
    assertThat(echo.callers()).hasSize(before);
  }

  @Test
  @DisplayName("redirection 5, 6: a pod reaches itself by its address and by loopback, un-proxied")
  void itself() throws Exception {
    for (String address : List.of(server.ipv4(), server.ipv6(), "127.0.0.1", "127.0.0.9", "::1")) {
      mesh.forgetLog();
      try (Talk talk = server.connects(address, 8080)) {
        assertThat(talk.echoes("hello")).as(address).isTrue();
      }
      assertThat(mesh.logged("connection complete", "src.workload=\"server\""))
          .as(address)
          .isEmpty();
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"10.212.0.1", "fd00:212::1"})
  @DisplayName("redirection 7, hbone 45: a pod reaches itself by its service through the tunnel")
  void itself_by_its_service(String vip) throws Exception {
    int before = echo.callers().size();
    mesh.forgetLog();
    try (Talk talk = server.connects(vip, 80)) {
      assertThat(talk.echoes("hello")).isTrue();
    }
    assertThat(echo.callers().get(before))
        .isEqualTo(vip.contains(":") ? long6(server.ipv6()) : server.ipv4());
    Until.holds(
        "one line outbound, one inbound",
        () -> mesh.logged("connection complete").toString(),
        () ->
            mesh.logged("connection complete", "direction=\"outbound\"").size() == 1
                && mesh.logged("connection complete", "direction=\"inbound\"").size() == 1);
  }

  @Test
  @DisplayName("redirection 13: with bypass, plaintext reaches the application directly")
  void bypass() throws Exception {
    TestPod ingress =
        mesh.pod(
            "edge", "ingress", "node-a", Map.of("ambient.istio.io/bypass-inbound-capture", "true"));
    EchoServer open = ingress.echoes(8080);
    mesh.enrols("edge");
    mesh.forgetLog();

    assertThat(outside.reaches(ingress, 8080)).isTrue();

    assertThat(open.callers()).containsExactly(outside.ipv4());
    assertThat(mesh.logged("connection complete", "dst.workload=\"ingress\"")).isEmpty();
    int before = echo.callers().size();
    assertThat(ingress.reaches(server, 8080)).isTrue();
    assertThat(echo.callers().get(before)).isEqualTo(ingress.ipv4());
    Until.holds(
        "captured outbound",
        () -> !mesh.logged("connection complete", "src.workload=\"ingress\"").isEmpty());
  }

  @Test
  @DisplayName("redirection 18: 10 MiB from a server that believes to speak to the client itself")
  void large_answer_to_a_spoofed_peer() throws Exception {
    byte[] big = new byte[10 << 20];
    new Random(7).nextBytes(big);
    ServerSocket listener = server.listens(8090);
    try (Talk talk = client.connects(server, 8090);
        var accepted = listener.accept()) {
      assertThat(accepted.getInetAddress().getHostAddress()).isEqualTo(client.ipv4());
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  accepted.getOutputStream().write(big);
                  accepted.shutdownOutput();
                } catch (IOException e) {
                  // The reader tells.
                }
              });
      assertThat(talk.socket().getInputStream().readAllBytes()).isEqualTo(big);
      writer.join();
    }
  }

  @Test
  @DisplayName("redirection 20: an unprivileged program cannot take the mark that passes by")
  void no_mark_for_the_unprivileged() throws Exception {
    String program =
        "socket(S,PF_INET,SOCK_STREAM,0); print setsockopt(S,SOL_SOCKET,36,pack('i',1337)) ? 'ok' : $!";
    assertThat(
            client
                .run(
                    "setpriv", "--reuid=65534", "--clear-groups", "perl", "-MSocket", "-e", program)
                .output())
        .isEqualTo("Operation not permitted");
  }

  @Test
  @DisplayName("hbone 46: the ports of ztunnel are no way into anything")
  void own_ports() throws Exception {
    for (int port : new int[] {15001, 15006, 15008}) {
      for (String address : List.of(client.ipv4(), "127.0.0.1")) {
        try (Talk talk = client.connects(address, port)) {
          assertThat(talk.endAfter("hello\r\n\r\n"))
              .as(address + ":" + port)
              .isIn("FIN", "RST", "byte 21");
        } catch (SocketException e) {
          assertThat(e).as(address + ":" + port).hasMessageContaining("reset");
        }
      }
    }
    for (int port : new int[] {15000, 15020, 15021, 15080}) {
      assertThatThrownBy(() -> client.connects("127.0.0.1", port).close())
          .as("port " + port)
          .hasMessageContaining("refused");
    }
  }

  @Test
  @DisplayName("hbone 24: a tunnel port of the pod is no destination inside a tunnel")
  void no_tunnel_to_a_tunnel_port() throws Exception {
    for (int port : new int[] {15001, 15006, 15008}) {
      try (Talk talk = client.connects(server, port)) {
        assertThat(talk.endAfter("hello\r\n\r\n")).as("port " + port).isIn("FIN", "RST", "byte 21");
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("refused");
      }
    }
  }

  /** As tcpdump prints it. */
  private static String canonical(String ipv6) {
    return ipv6.replace(":0::", "::");
  }

  /** As {@code InetAddress} prints it. */
  private static String long6(String ipv6) {
    return java.net.InetAddress.ofLiteral(ipv6).getHostAddress();
  }
}
