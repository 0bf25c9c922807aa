package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.workload.Workload;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes wrong between pods, and what is said about it. */
@Tag("kernel")
@Timeout(60)
final class FaultTest {
  private static final ProxySettings HASTY =
      new ProxySettings(
          HboneSettings.DEFAULT.withDeadlines(Duration.ofSeconds(1), Duration.ofSeconds(5)),
          ProxySettings.DEFAULT.sockets(),
          ProxySettings.DEFAULT.ports(),
          true,
          ProxySettings.UnknownPolicy.HOLD,
          3,
          100);

  private static void echo(Socket peer) throws IOException {
    peer.getInputStream().transferTo(peer.getOutputStream());
  }

  private static void exchange(Socket socket) throws IOException {
    socket.getOutputStream().write('x');
    assertThat(socket.getInputStream().read()).isEqualTo('x');
  }

  @Test
  @DisplayName("port 15008 blocked: the connection ends in time, flag NETWORK_POLICY with a hint")
  void tunnel_port_blocked() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL, HASTY)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.namespaces.nft(
          server.place(),
          """
          table inet blocked {
            chain input {
              type filter hook input priority 0; policy accept;
              tcp dport 15008 drop
            }
          }
          """);
      assertThat(node.isRefused(client.network(), server.ipv4(), 8080)).isTrue();
      node.logged("outbound", "maybe a NetworkPolicy is blocking HBONE port 15008");
      assertThat(new String(node.metrics.scrape("").body()))
          .contains("response_flags=\"NETWORK_POLICY\"");
    }
  }

  @Test
  @DisplayName("hbone 29: a peer with another identity than the mesh says gets not a byte")
  void wrong_identity() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      AtomicInteger accepted = new AtomicInteger();
      node.serve(server.network(), 8080, _ -> accepted.incrementAndGet());
      SpiffeId wrong = new SpiffeId("cluster.local", "demo", "impostor");
      node.certificates.put(
          server.workload().identity(), CompletableFuture.completedFuture(node.ca.workload(wrong)));
      assertThat(node.isRefused(client.network(), server.ipv4(), 8080)).isTrue();
      assertThat(node.logged("outbound", "TLS from", "got " + wrong))
          .contains("expected " + server.workload().identity());
      assertThat(new String(node.metrics.scrape("").body()))
          .contains("response_flags=\"TLS_FAILURE\"");
      assertThat(accepted).hasValue(0);
    }
  }

  @Test
  @DisplayName("CA down: new tunnels fail closed, open ones go on, nothing goes out in plaintext")
  void no_certificates() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      var late = node.pod("late");
      node.serve(server.network(), 8080, FaultTest::echo);
      Socket open = node.connect(client.network(), server.ipv4(), 8080);
      exchange(open);
      node.certificates.put(
          late.workload().identity(),
          CompletableFuture.failedFuture(new IllegalStateException("CA is down")));
      assertThat(node.isRefused(late.network(), server.ipv4(), 8080)).isTrue();
      node.logged("outbound", "no certificate for " + late.workload().identity());
      exchange(open);
      assertThat(new String(node.metrics.scrape("").body()))
          .contains("response_flags=\"IDENTITY_ERROR\"");
    }
  }

  @Test
  @DisplayName("too many connections of one pod are refused, and room comes back")
  void caps() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL, HASTY)) {
      var client = node.pod("client");
      var place = node.namespaces.plain("out");
      try (var stranger = place.open()) {
        node.serve(stranger, 8080, FaultTest::echo);
        var address = InetAddress.ofLiteral(place.ipv4());
        Socket[] open = new Socket[3];
        for (int i = 0; i < 3; i++) {
          open[i] = node.connect(client.network(), address, 8080);
          exchange(open[i]);
        }
        assertThat(node.isRefused(client.network(), address, 8080)).isTrue();
        node.logged("too many connections");
        open[0].close();
        node.logged("connection complete");
        exchange(node.connect(client.network(), address, 8080));
      }
    }
  }

  @Test
  @DisplayName("two pods with one IP in turn: the second is met as itself")
  void one_address_two_pods() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var first = node.pod("first");
      node.serve(first.network(), 8080, FaultTest::echo);
      exchange(node.connect(client.network(), first.ipv4(), 8080));
      first.running().stop();
      node.change(new MeshChange.AddressRemoved(first.workload().uid()));
      Workload second = TestNode.workload("second", first.place()).build();
      node.change(new MeshChange.WorkloadPut(second));
      node.start(first.place(), second);
      exchange(node.connect(client.network(), first.ipv4(), 8080));
      assertThat(client.running().tunnels())
          .anySatisfy(
              row -> assertThat(row.destinationIdentity()).isEqualTo(second.identity().toString()));
    }
  }

  @Test
  @DisplayName("redirection 4: plain text at the tunnel port ends, and is said")
  void plaintext_at_the_tunnel_port() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var server = node.pod("server");
      try (var stranger = node.namespaces.plain("out").open()) {
        Socket socket = node.connect(stranger, server.ipv4(), 15008);
        socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
        TestNode.endOf(socket);
        node.logged("connection failed", "TLS handshake failed");
      }
    }
  }
}
