package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pods with real redirection, on every transport that can carry it. */
@Tag("kernel")
@Timeout(60)
final class PodProxyTest {
  private static String line(Socket socket) throws IOException {
    return new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL", "IO_URING"})
  @DisplayName("hbone 2, 18; redirection 1, 16: a pod reaches a pod through a tunnel, as itself")
  void pod_to_pod(Transport.Kind kind) throws Exception {
    try (TestNode node = new TestNode(kind)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(server.network(), 8080, TestNode::sayPeerThenEcho);
      try (Socket socket = node.connect(client.network(), server.ipv4(), 8080)) {
        assertThat(line(socket)).isEqualTo(client.ipv4().getHostAddress());
      }
      try (Socket socket = node.connect(client.network(), server.ipv6(), 8080)) {
        assertThat(line(socket)).isEqualTo(client.ipv6().getHostAddress());
      }
      assertThat(server.running().tunnels())
          .allSatisfy(row -> {
            assertThat(row.direction()).isEqualTo("inbound");
            assertThat(row.sourceIdentity()).isEqualTo(client.workload().identity().toString());
          })
          .hasSize(2);
      assertThat(node.logged("connection complete", "inbound", "10.77.0"))
          .contains("dst.hbone_addr=" + server.place().ipv4() + ":8080")
          .contains("src.identity=\"" + client.workload().identity() + "\"");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL", "IO_URING"})
  @DisplayName("hbone 1; redirection 2, 3: plaintext to and from strangers passes, as itself")
  void strangers(Transport.Kind kind) throws Exception {
    try (TestNode node = new TestNode(kind)) {
      var pod = node.pod("pod");
      var place = node.namespaces.plain("out");
      try (var stranger = place.open()) {
        node.serve(pod.network(), 8080, TestNode::sayPeerThenEcho);
        node.serve(stranger, 8080, TestNode::sayPeerThenEcho);
        Socket in = node.connect(stranger, pod.ipv4(), 8080);
        assertThat(line(in)).isEqualTo(place.ipv4());
        Socket out = node.connect(pod.network(), InetAddress.ofLiteral(place.ipv4()), 8080);
        assertThat(line(out)).isEqualTo(pod.place().ipv4());
        Socket in6 = node.connect(stranger, pod.ipv6(), 8080);
        assertThat(line(in6)).isEqualTo(InetAddress.ofLiteral(place.ipv6()).getHostAddress());
        assertThat(pod.running().tunnels()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"EPOLL", "IO_URING"})
  @DisplayName("redirection 18: 10 MiB come back to a spoofed peer, whole")
  void bulk(Transport.Kind kind) throws Exception {
    byte[] answer = new byte[10 * 1024 * 1024];
    new Random(3).nextBytes(answer);
    try (TestNode node = new TestNode(kind)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(
          server.network(),
          8080,
          peer -> {
            peer.getInputStream().readAllBytes();
            peer.getOutputStream().write(answer);
          });
      Socket socket = node.connect(client.network(), server.ipv4(), 8080);
      socket.shutdownOutput();
      assertThat(socket.getInputStream().readAllBytes()).isEqualTo(answer);
    }
  }

  @Test
  @DisplayName("hbone 45; redirection 7: a pod reaches itself through its service, as itself")
  void self_call() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var place = node.namespaces.enrolled("self");
      ServiceKey key = new ServiceKey("demo", "self.demo.svc.cluster.local");
      InetAddress vip = InetAddress.ofLiteral("10.96.0.5");
      node.change(
          new MeshChange.ServicePut(
              Service.of(
                  "self",
                  key,
                  List.of(new NetworkAddress("", vip)),
                  Map.of(80, new ServicePort(80, 8080, AppProtocol.TCP)))));
      var workload =
          TestNode.workload("self", place).services(Map.of(key, Map.of(80, 8080))).build();
      node.change(new MeshChange.WorkloadPut(workload));
      var pod = node.start(place, workload);
      node.serve(pod.network(), 8080, TestNode::sayPeerThenEcho);
      try (Socket socket = node.connect(pod.network(), vip, 80)) {
        assertThat(line(socket)).isEqualTo(place.ipv4());
      }
      assertThat(node.logged("connection complete", "outbound"))
          .contains("dst.service=\"self.demo.svc.cluster.local\"")
          .contains("dst.addr=" + place.ipv4() + ":15008");
      assertThat(node.logged("connection complete", "inbound"))
          .contains("dst.service=\"self.demo.svc.cluster.local\"");
    }
  }

  @Test
  @DisplayName("hbone 46: the proxy's own ports lead nowhere")
  void own_ports() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var pod = node.pod("pod");
      for (int port : new int[] {15001, 15006, 15008}) {
        for (InetAddress address :
            new InetAddress[] {pod.ipv4(), InetAddress.ofLiteral("127.0.0.1")}) {
          assertThat(pageFrom(node, pod, address, port)).as(address + ":" + port).isEmpty();
        }
      }
    }
  }

  private static byte[] pageFrom(TestNode node, TestNode.Pod pod, InetAddress address, int port)
      throws Exception {
    try {
      Socket socket = node.connect(pod.network(), address, port);
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
      return TestNode.endOf(socket);
    } catch (IOException resetAtOnce) {
      return new byte[0];
    }
  }

  @Test
  @DisplayName("hbone 26: a closed port of the application ends the client, flag CONNECT")
  void application_down() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      assertThat(node.isRefused(client.network(), server.ipv4(), 8080)).isTrue();
      node.logged("connection complete", "outbound", "http status: 503");
      node.logged("connection complete", "inbound", "connection failed");
      assertThat(new String(node.metrics.scrape("").body()))
          .contains("istio_tcp_connections_failed_total")
          .contains("response_flags=\"CONNECT\"");
    }
  }

  @Test
  void a_pod_whose_workload_comes_late_waits_for_it() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var server = node.pod("server");
      node.serve(server.network(), 8080, TestNode::sayPeerThenEcho);
      var place = node.namespaces.enrolled("late");
      var workload = TestNode.workload("late", place).build();
      var late = node.start(place, workload);
      Socket socket = node.connect(late.network(), server.ipv4(), 8080);
      node.change(new MeshChange.WorkloadPut(workload));
      assertThat(line(socket)).isEqualTo(place.ipv4());
    }
  }

  @Test
  void a_pod_the_mesh_never_hears_of_is_refused_and_says_so() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var server = node.pod("server");
      var place = node.namespaces.enrolled("ghost");
      var ghost = node.start(place, TestNode.workload("ghost", place).build());
      assertThat(node.isRefused(ghost.network(), server.ipv4(), 8080)).isTrue();
      node.logged(
          "connection failed",
          "failed to fetch information about local workload: ghost.demo (ghost)");
    }
  }

  @Test
  @DisplayName("hbone 47: a pod that goes takes its connections with it at once")
  void stop() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(server.network(), 8080, TestNode::sayPeerThenEcho);
      Socket socket = node.connect(client.network(), server.ipv4(), 8080);
      assertThat(line(socket)).isNotEmpty();
      server.running().stop();
      assertThat(TestNode.endOf(socket)).isEmpty();
      assertThatThrownBy(() -> node.connect(server.network(), client.ipv4(), 1))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("hbone 47: a drain lets connections finish, and cuts what is left at its deadline")
  void drain() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var client = node.pod("client");
      var server = node.pod("server");
      node.serve(server.network(), 8080, TestNode::sayPeerThenEcho);
      Socket lasting = node.connect(client.network(), server.ipv4(), 8080);
      Socket ending = node.connect(client.network(), server.ipv4(), 8080);
      assertThat(line(lasting)).isNotEmpty();
      assertThat(line(ending)).isNotEmpty();
      CompletableFuture<Void> drained = server.running().drain(Duration.ofSeconds(2));
      // Tunnels into the pod are still served.
      try (Socket late = node.connect(client.network(), server.ipv4(), 8080)) {
        assertThat(line(late)).isNotEmpty();
      }
      ending.getOutputStream().write("x\n".getBytes());
      assertThat(ending.getInputStream().read()).isEqualTo('x');
      ending.close();
      assertThat(drained).isNotDone();
      assertThat(TestNode.endOf(lasting)).isEmpty();
      drained.get(10, TimeUnit.SECONDS);
      node.logged("connection closed due to connection drain");
    }
  }

  @Test
  void a_drain_of_an_idle_pod_ends_at_once() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var pod = node.pod("pod");
      pod.running().drain(Duration.ofMinutes(10)).get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void a_pod_whose_port_is_taken_does_not_start() throws Exception {
    try (TestNode node = new TestNode(Transport.Kind.EPOLL)) {
      var place = node.namespaces.enrolled("taken");
      try (var network = place.open()) {
        node.serve(network, 15006, _ -> {});
        var workload = TestNode.workload("taken", place).build();
        assertThatThrownBy(() -> node.start(place, workload))
            .hasMessageContaining("listeners of pod demo/taken");
      }
    }
  }
}
