package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.OutsideNames;
import dev.ambit.e2e.mesh.TestPod;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that captured pods ask for: who answers, and what leaves the pod. */
@Tag("kernel")
class NamesTest {
  private static final String CAPTURE = "ambient.istio.io/dns-capture";
  private static final String SERVICE_IP = "10.212.0.7";

  /** Nobody is there. */
  private static final String NOWHERE = "8.8.8.8";

  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod plain;
  private static TestPod outside;
  private static OutsideNames names;

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.network();
    outside = mesh.pod("outside", "names", "node-b");
    names = OutsideNames.in(outside);
    mesh.node("node-a").with("AMBIT_DNS_NAMESERVERS", outside.ipv4());
    client = mesh.pod("shop", "client", "node-a", Map.of(CAPTURE, "true"));
    plain = mesh.pod("shop", "plain", "node-a", Map.of(CAPTURE, "false"));
    mesh.apply(
        "service",
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: server
          namespace: shop
        spec:
          clusterIP: %s
          selector:
            app: plain
          ports:
          - port: 80
        """
            .formatted(SERVICE_IP));
    mesh.startAll();
    mesh.enrols("shop");
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
      names.close();
    }
  }

  private static String ask(TestPod pod, String server, String name) throws Exception {
    return pod.inside(() -> {
      try (DatagramSocket socket = new DatagramSocket()) {
        return OutsideNames.ask(socket, server, name);
      }
    });
  }

  @ParameterizedTest(name = "asking {0}")
  @ValueSource(strings = {NOWHERE, "2001:db8::53"})
  @DisplayName("redirection 14, dns 21: whomever a pod asks, by UDP or TCP, its ztunnel answers")
  void captures(String server) throws Exception {
    for (String name : List.of("server", "server.shop", "server.shop.svc.cluster.local")) {
      assertThat(ask(client, server, name)).isEqualTo(SERVICE_IP);
      assertThat(client.inside(() -> OutsideNames.askByTcp(server, name))).isEqualTo(SERVICE_IP);
    }
  }

  @Test
  @DisplayName("redirection 14: a name outside is asked for by ztunnel, as the pod")
  void forwards() throws Exception {
    names.asked().clear();
    assertThat(ask(client, NOWHERE, "www.example.com")).isEqualTo(OutsideNames.ANSWER);
    assertThat(names.asked()).singleElement().asString().startsWith("udp " + client.ipv4() + ":");
  }

  @Test
  @DisplayName("redirection 2.1: a pod may keep its names to itself")
  void left_alone() throws Exception {
    assertThat(ask(plain, outside.ipv4(), "server.shop.svc.cluster.local"))
        .isEqualTo(OutsideNames.ANSWER);
    assertThat(plain.inside(() -> OutsideNames.askByTcp(outside.ipv4(), "server.shop")))
        .isEqualTo(OutsideNames.ANSWER);
  }

  @Test
  @DisplayName("redirection 14: ztunnel's query from the port of a captured one keeps its own way")
  void same_ports() throws Exception {
    // Stands for ztunnel, whose packets are marked, on a port that a program had before.
    client.run(
        "nft",
        "add table inet stand-in; "
            + "add chain inet stand-in output { type filter hook output priority -310; }; "
            + "add rule inet stand-in output udp dport 53 ip dscp 0x0a meta mark set 0x539");
    int port = 5_353;
    for (int round = 0; round < 2; round++) {
      assertThat(askFrom(port, false, "server.shop")).isEqualTo(SERVICE_IP);
      names.asked().clear();
      assertThat(askFrom(port, true, "server.shop")).isEqualTo(OutsideNames.ANSWER);
      assertThat(names.asked()).containsExactly("udp " + client.ipv4() + ":" + port);
    }
  }

  private static String askFrom(int port, boolean asZtunnel, String name) throws Exception {
    return client.inside(() -> {
      InetSocketAddress local = new InetSocketAddress(InetAddress.ofLiteral(client.ipv4()), port);
      try (DatagramSocket socket = new DatagramSocket(local)) {
        socket.setTrafficClass(asZtunnel ? 0x0a << 2 : 0);
        return OutsideNames.ask(socket, outside.ipv4(), name);
      }
    });
  }
}
