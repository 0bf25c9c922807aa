package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.hbone.ConnectRequest;
import dev.ambit.dataplane.hbone.HboneSettings;
import dev.ambit.dataplane.hbone.TunnelFailure;
import dev.ambit.dataplane.hbone.TunnelPool;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.workload.ApplicationTunnel;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.ServicePort;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests as only a peer that is no ztunnel makes them (spec: hbone §7). */
@Tag("kernel")
@Timeout(60)
final class InboundTest {
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");

  private final AtomicInteger accepted = new AtomicInteger();
  private TestNode node;
  private TestNode.Pod server;
  private Netns outside;
  private Namespaces.Place place;
  private TunnelPool pool;
  private EventLoop loop;

  @BeforeEach
  void start() throws Exception {
    node = new TestNode(Transport.Kind.EPOLL);
    server = node.pod("server");
    place = node.namespaces.plain("out");
    outside = place.open();
    loop = node.transport.loops().getFirst();
    pool =
        new TunnelPool(
            loop,
            new Sockets(node.transport, SocketSettings.DEFAULT.unprivileged(), outside),
            new TunnelPool.Identities((identity, _) -> node.certificate(identity), node.tls),
            HboneSettings.DEFAULT,
            InstantSource.system());
    node.serve(server.network(), 8080, _ -> accepted.incrementAndGet());
  }

  @AfterEach
  void stop() {
    loop.submit(() -> pool.stop()).awaitUninterruptibly();
    node.close();
    outside.close();
  }

  private Future<TunnelPool.Stream> ask(TestNode.Pod pod, ConnectRequest request) {
    TunnelPool.Key key =
        new TunnelPool.Key(
            CLIENT,
            Set.of(pod.workload().identity()),
            new InetSocketAddress(pod.ipv4(), 15008),
            InetAddress.ofLiteral(place.ipv4()));
    Future<TunnelPool.Stream> stream =
        loop.submit(() -> pool.open(key, request)).syncUninterruptibly().getNow();
    return stream.awaitUninterruptibly();
  }

  private static ConnectRequest request(String method, String authority) {
    return new ConnectRequest(method, authority, "", "", "", "", "");
  }

  @ParameterizedTest
  @DisplayName("hbone 18, 21, 23, 24, 26: what is asked for, and the answer")
  @CsvSource({
    "CONNECT, 10.77.0.2:8080, 200",
    "CONNECT, 10.0.0.9:80, 400",
    "CONNECT, foo, 400",
    "CONNECT, 10.77.0.2:0, 400",
    "CONNECT, 10.77.0.2, 400",
    "CONNECT, unknown.demo.svc.cluster.local:80, 503",
    "CONNECT, 10.77.0.2:15001, 503",
    "CONNECT, 10.77.0.2:15006, 503",
    "CONNECT, 10.77.0.2:15008, 503",
    "CONNECT, 10.77.0.2:9999, 503",
    "GET, 10.77.0.2:8080, 400"
  })
  void answers(String method, String authority, int status) {
    assertThat(server.place().ipv4()).isEqualTo("10.77.0.2");
    Future<TunnelPool.Stream> stream = ask(server, request(method, authority));
    if (status == 200) {
      assertThat(stream.isSuccess()).isTrue();
      assertThat(stream.getNow().reply().baggage()).contains("k8s.namespace.name=demo");
      stream.getNow().leg().abort();
    } else {
      assertThat(stream.cause())
          .isInstanceOf(TunnelFailure.class)
          .hasMessageStartingWith("http status: " + status);
      assertThat(accepted).hasValue(0);
    }
  }

  @Test
  @DisplayName("hbone 19: a service by name leads to its target port at this pod")
  void by_hostname() throws Exception {
    ServiceKey key = new ServiceKey("demo", "server.demo.svc.cluster.local");
    node.change(
        new MeshChange.ServicePut(
            Service.of(
                "server",
                key,
                List.of(new NetworkAddress("", InetAddress.ofLiteral("10.96.0.9"))),
                Map.of(80, new ServicePort(80, 8080, AppProtocol.TCP)))));
    node.change(
        new MeshChange.WorkloadPut(
            TestNode.workload("server", server.place())
                .services(Map.of(key, Map.of(80, 8080)))
                .build()));
    ask(server, request("CONNECT", key.hostname() + ":80")).getNow().leg().abort();
    assertThat(ask(server, request("CONNECT", key.hostname() + ":81")).cause())
        .hasMessageStartingWith("http status: 503");
  }

  @Test
  @DisplayName("hbone 20: the application of a PROXY tunnel is told who came, and for whom")
  void proxy_header() throws Exception {
    var waypointPlace = node.namespaces.enrolled("waypoint");
    var workload =
        TestNode.workload("waypoint", waypointPlace)
            .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088))
            .build();
    node.change(new MeshChange.WorkloadPut(workload));
    var waypoint = node.start(waypointPlace, workload);
    var header = new CompletableFuture<byte[]>();
    byte[] expected =
        ProxyHeader.of(
            new InetSocketAddress(place.ipv4(), 1), new InetSocketAddress("10.0.0.2", 80), CLIENT);
    node.serve(
        waypoint.network(),
        15088,
        peer -> header.complete(peer.getInputStream().readNBytes(expected.length)));
    TunnelPool.Stream stream = ask(waypoint, request("CONNECT", "10.0.0.2:80")).getNow();
    byte[] got = header.get(10, TimeUnit.SECONDS);
    stream.leg().abort();
    // The client's port is its own affair.
    got[24] = expected[24];
    got[25] = expected[25];
    assertThat(got).isEqualTo(expected);
  }

  @Test
  @DisplayName("hbone 18: the client's address, and its place in the mesh by baggage, are logged")
  void telemetry() throws Exception {
    var request =
        new ConnectRequest(
            "CONNECT",
            "10.77.0.2:8080",
            "",
            "for=\"10.1.1.1:1\"",
            "k8s.cluster.name=c9,k8s.namespace.name=far,k8s.deployment.name=away",
            "",
            "");
    ask(server, request).getNow().leg().abort();
    assertThat(node.logged("connection complete", "inbound"))
        .contains("src.identity=\"" + CLIENT + "\"")
        .contains("src.namespace=\"far\"")
        .contains("src.cluster=\"c9\"");
  }
}
