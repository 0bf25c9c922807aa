package dev.ambit.ztunnel.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.Log;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Published;
import dev.ambit.daemon.Settings;
import dev.ambit.dataplane.net.Sockets;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.net.TransportSettings.SocketSettings;
import dev.ambit.model.dns.MeshNames;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.mesh.MeshView;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.model.workload.Workload;
import dev.ambit.ztunnel.dns.TestMessage.Record;
import dev.ambit.ztunnel.dns.TestMessage.Reply;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The name server of a pod over real sockets of this machine's loopback. */
@Timeout(120)
final class NameServerTest {
  private static final int AUTHORITATIVE = 0x0400;
  private static final int TRUNCATED = 0x0200;
  private static final int RECURSION_AVAILABLE = 0x0080;
  private static final Workload CLIENT =
      Workload.named("Kubernetes//Pod/ns1/client")
          .name("client")
          .namespace("ns1")
          .canonicalName("client")
          .canonicalRevision("v1")
          .build();

  private final Published<MeshView> mesh = new Published<>(mesh());
  private final Metrics metrics = new Metrics();
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private Transport transport;
  private TestNameServer outside;

  @BeforeEach
  void open() throws IOException {
    transport = Transport.open(Transport.Kind.AUTO, 2);
    outside = TestNameServer.start();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable thing : toClose) {
      thing.close();
    }
    outside.close();
    transport.close();
  }

  private static MeshView mesh() {
    return MeshView.empty()
        .with(put("productpage.ns1.svc.cluster.local", "9.9.9.9"))
        .with(put("www.google.com", "1.1.1.1"))
        .with(put("*.wildcard", "10.10.10.10"))
        .with(
            put(
                "many.ns1.svc.cluster.local",
                Stream.iterate(1, i -> i + 1)
                    .limit(100)
                    .map(i -> "10.1.0." + i)
                    .toArray(String[]::new)));
  }

  private static MeshChange put(String hostname, String... ips) {
    return new MeshChange.ServicePut(
        Service.of(
            hostname,
            new ServiceKey("ns1", hostname),
            Stream.of(ips).map(ip -> new NetworkAddress("", InetAddress.ofLiteral(ip))).toList(),
            Map.of()));
  }

  /** Where a server of a pod listens. */
  private record Ports(InetSocketAddress udp, InetSocketAddress tcp) {}

  private Ports serve() {
    return serve(() -> CompletableFuture.completedFuture(CLIENT), outside.address());
  }

  private Ports serve(NameService.Client client, InetSocketAddress... servers) {
    DnsSettings settings =
        new DnsSettings(
            new MeshNames("cluster.local", "", true),
            new Upstreams(List.of(servers), Duration.ofSeconds(10), 1),
            List.of(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0)));
    Sockets sockets = new Sockets(transport, SocketSettings.DEFAULT.unprivileged(), null);
    NameServer server =
        new NameService(settings, metrics)
            .forPod(transport.loops().getFirst(), sockets, null, mesh, client);
    server.start().orTimeout(30, TimeUnit.SECONDS).join();
    toClose.addAll(List.of(server, sockets));
    List<InetSocketAddress> ports = server.ports();
    return new Ports(ports.getFirst(), ports.getLast());
  }

  private static Socket connect(InetSocketAddress to) throws IOException {
    Socket socket = new Socket();
    socket.connect(to, 30_000);
    socket.setSoTimeout(30_000);
    return socket;
  }

  @Test
  @DisplayName("dns 1, 2: a name of the mesh is answered with authority, as it was asked for")
  void answers_for_the_mesh() throws Exception {
    Ports ports = serve();
    for (String name : List.of("productpage.ns1.svc.cluster.local", "PRODUCTPAGE.ns1")) {
      Reply reply = TestMessage.ask(ports.udp(), TestMessage.query(7, name, TestMessage.A));
      assertThat(reply.id()).isEqualTo(7);
      assertThat(reply.code()).isZero();
      assertThat(reply.question()).isEqualTo(name);
      assertThat(reply.has(AUTHORITATIVE)).isTrue();
      assertThat(reply.has(RECURSION_AVAILABLE)).isTrue();
      assertThat(reply.records()).containsExactly(new Record(name, 1, 1, 30, "9.9.9.9"));
    }
    assertThat(outside.asked()).isEmpty();
  }

  @Test
  @DisplayName("dns 4: a family the name has no address of is answered with nothing, not forwarded")
  void answers_with_nothing() throws Exception {
    Reply reply =
        TestMessage.ask(
            serve().udp(),
            TestMessage.query(7, "productpage.ns1.svc.cluster.local", TestMessage.AAAA));
    assertThat(reply.code()).isZero();
    assertThat(reply.has(AUTHORITATIVE)).isTrue();
    assertThat(reply.records()).isEmpty();
    assertThat(outside.asked()).isEmpty();
  }

  @Test
  @DisplayName("dns 6: a name with a search domain too many is an alias of the name without")
  void aliases() throws Exception {
    String asked = "www.google.com.ns1.svc.cluster.local";
    Reply reply = TestMessage.ask(serve().udp(), TestMessage.query(1, asked, TestMessage.A));
    assertThat(reply.records())
        .containsExactly(
            new Record(asked, 5, 1, 30, "www.google.com"),
            new Record("www.google.com", 1, 1, 30, "1.1.1.1"));
  }

  @Test
  @DisplayName("dns 7: behind a wildcard the name asked for owns the address, search domain or not")
  void wildcards() throws Exception {
    String asked = "foo.wildcard.ns1.svc.cluster.local";
    Reply reply = TestMessage.ask(serve().udp(), TestMessage.query(1, asked, TestMessage.A));
    assertThat(reply.records()).containsExactly(new Record(asked, 1, 1, 30, "10.10.10.10"));
  }

  @ParameterizedTest(name = "dns {0}: {1} is forwarded, code {2}, addresses {3}")
  @CsvSource({
    "11, nowhere.example, 3, ''",
    "16, refused.example, 5, ''",
    "16, unknown.example, 0, 192.0.2.53",
    "23, pod-0.headless.ns1.svc.cluster.local, 0, 192.0.2.53"
  })
  void forwards(int vector, String name, int code, String addresses) throws Exception {
    Reply reply = TestMessage.ask(serve().udp(), TestMessage.query(9, name, TestMessage.A));
    assertThat(reply.id()).isEqualTo(9);
    assertThat(reply.code()).isEqualTo(code);
    assertThat(reply.has(AUTHORITATIVE)).isFalse();
    assertThat(reply.has(RECURSION_AVAILABLE)).isTrue();
    assertThat(String.join(" ", reply.addresses())).isEqualTo(addresses);
    assertThat(reply.records()).allSatisfy(record -> assertThat(record.ttl()).isEqualTo(77));
    assertThat(outside.asked().poll(30, TimeUnit.SECONDS)).endsWith(name);
  }

  @ParameterizedTest(name = "dns 15: a question of type {0} is forwarded")
  @CsvSource({"16", "33", "15"})
  void forwards_other_types(int type) throws Exception {
    Reply reply =
        TestMessage.ask(
            serve().udp(), TestMessage.query(1, "productpage.ns1.svc.cluster.local", type));
    assertThat(reply.code()).isZero();
    assertThat(outside.asked().poll(30, TimeUnit.SECONDS)).contains("productpage");
  }

  @Test
  @DisplayName("dns 15: STATUS is not implemented, an answer is not answered, rubbish is told so")
  void refuses() throws Exception {
    Ports ports = serve();
    Reply status =
        TestMessage.ask(ports.udp(), TestMessage.query(3, 0x1000, "a", TestMessage.A, -1, false));
    assertThat(status.code()).isEqualTo(4);
    try (DatagramSocket socket = new DatagramSocket()) {
      byte[] answer = TestMessage.query(4, 0x8000, "productpage.ns1", TestMessage.A, -1, false);
      socket.send(new DatagramPacket(answer, answer.length, ports.udp()));
      byte[] rubbish = {0, 5, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63};
      Reply next = TestMessage.ask(socket, ports.udp(), rubbish);
      assertThat(next.id()).isEqualTo(5);
      assertThat(next.code()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("dns 16: a name server that is down is SERVFAIL")
  void upstream_down() throws Exception {
    InetSocketAddress down;
    try (DatagramSocket free = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
      down = (InetSocketAddress) free.getLocalSocketAddress();
    }
    byte[] query = TestMessage.query(1, "unknown.example", TestMessage.A);
    NameService.Client client = () -> CompletableFuture.completedFuture(CLIENT);
    assertThat(TestMessage.ask(serve(client, down).udp(), query).code()).isEqualTo(2);
    assertThat(metrics.scrape("").body()).asString().contains("istio_dns_upstream_failures_total{");
  }

  @Test
  void another_server_is_asked_when_the_first_is_down() throws Exception {
    InetSocketAddress down;
    try (DatagramSocket free = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
      down = (InetSocketAddress) free.getLocalSocketAddress();
    }
    Ports ports = serve(() -> CompletableFuture.completedFuture(CLIENT), down, outside.address());
    Reply reply =
        TestMessage.ask(ports.udp(), TestMessage.query(1, "unknown.example", TestMessage.A));
    assertThat(reply.addresses()).containsExactly("192.0.2.53");
  }

  @Test
  @DisplayName("dns 17: a client that stays unknown is answered SERVFAIL")
  void unknown_client() throws Exception {
    Ports ports = serve(() -> CompletableFuture.failedFuture(new IllegalStateException("unknown")));
    Reply reply =
        TestMessage.ask(ports.udp(), TestMessage.query(1, "productpage.ns1", TestMessage.A));
    assertThat(reply.code()).isEqualTo(2);
  }

  @Test
  @DisplayName("dns 18: 256 addresses are 74 by a datagram of 1232 bytes, and all by TCP")
  void truncates() throws Exception {
    Ports ports = serve();
    byte[] query = TestMessage.query(1, 0x0100, "large.com", TestMessage.A, 1232, false);
    Reply datagram = TestMessage.ask(ports.udp(), query);
    assertThat(datagram.has(TRUNCATED)).isTrue();
    assertThat(datagram.answers()).isEqualTo(74);
    assertThat(datagram.size()).isEqualTo(12 + 15 + 11 + 74 * 16);
    try (Socket socket = connect(ports.tcp())) {
      TestMessage.send(socket, query);
      Reply stream = TestMessage.read(TestMessage.receive(socket));
      assertThat(stream.has(TRUNCATED)).isFalse();
      assertThat(stream.answers()).isEqualTo(256);
    }
  }

  @Test
  @DisplayName("dns 18: what the mesh says is cut like what others say")
  void truncates_own_answers() throws Exception {
    Ports ports = serve();
    byte[] query = TestMessage.query(1, "many.ns1.svc.cluster.local", TestMessage.A);
    Reply datagram = TestMessage.ask(ports.udp(), query);
    assertThat(datagram.has(TRUNCATED)).isTrue();
    assertThat(datagram.size()).isLessThanOrEqualTo(512);
    assertThat(datagram.answers()).isEqualTo((512 - 12 - 32) / 16);
    try (Socket socket = connect(ports.tcp())) {
      TestMessage.send(socket, query);
      assertThat(TestMessage.read(TestMessage.receive(socket)).answers()).isEqualTo(100);
    }
  }

  @ParameterizedTest(name = "dns 19: EDNS of {0} bytes is answered with {1}, DNSSEC OK {2}")
  @CsvSource({"100, 512, true", "1232, 1232, false", "4096, 4096, true"})
  void echoes_edns(int payload, int expected, boolean dnssecOk) throws Exception {
    Ports ports = serve();
    for (String name : List.of("productpage.ns1", "unknown.example")) {
      byte[] query = TestMessage.query(1, 0x0100, name, TestMessage.A, payload, dnssecOk);
      assertThat(TestMessage.ask(ports.udp(), query).opt())
          .containsExactly(new Record("", 41, expected, dnssecOk ? 0x8000 : 0, ""));
    }
  }

  @Test
  @DisplayName("dns 19: without EDNS in the query there is none in the reply")
  void no_edns() throws Exception {
    Ports ports = serve();
    for (String name : List.of("productpage.ns1", "unknown.example")) {
      byte[] query = TestMessage.query(1, name, TestMessage.A);
      assertThat(TestMessage.ask(ports.udp(), query).opt()).isEmpty();
    }
  }

  @Test
  @DisplayName("dns 22: two queries at once on one connection are answered, then it is closed idle")
  void pipelines() throws Exception {
    try (Socket socket = connect(serve().tcp())) {
      TestMessage.send(socket, TestMessage.query(1, "productpage.ns1", TestMessage.A));
      TestMessage.send(socket, TestMessage.query(2, "unknown.example", TestMessage.A));
      Set<Integer> ids =
          Set.of(
              TestMessage.read(TestMessage.receive(socket)).id(),
              TestMessage.read(TestMessage.receive(socket)).id());
      assertThat(ids).containsExactlyInAnyOrder(1, 2);
      long begin = System.nanoTime();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(4));
    }
  }

  @Test
  void a_client_that_closed_its_half_is_still_answered() throws Exception {
    try (Socket socket = connect(serve().tcp())) {
      TestMessage.send(socket, TestMessage.query(2, "unknown.example", TestMessage.A));
      socket.shutdownOutput();
      assertThat(TestMessage.read(TestMessage.receive(socket)).addresses()).hasSize(1);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  @DisplayName("dns 24: queries are counted by type and transport, upstream ones when forwarded")
  void counts() throws Exception {
    Ports ports = serve();
    TestMessage.ask(ports.udp(), TestMessage.query(1, "productpage.ns1", TestMessage.A));
    TestMessage.ask(ports.udp(), TestMessage.query(1, "productpage.ns1", TestMessage.AAAA));
    TestMessage.ask(ports.udp(), TestMessage.query(1, "unknown.example", TestMessage.A));
    try (Socket socket = connect(ports.tcp())) {
      TestMessage.send(socket, TestMessage.query(1, "productpage.ns1", TestMessage.A));
      TestMessage.receive(socket);
    }
    String labels =
        "{request_query_type=\"%s\",request_protocol=\"%s\","
            + "source_canonical_service=\"client\",source_canonical_revision=\"v1\"} ";
    String udp = labels.formatted("a", "udp");
    assertThat(new String(metrics.scrape("").body()).lines())
        .anyMatch(line -> line.startsWith("istio_dns_requests_total" + udp + "2"))
        .anyMatch(line ->
            line.startsWith("istio_dns_requests_total" + labels.formatted("aaaa", "udp") + "1"))
        .anyMatch(line ->
            line.startsWith("istio_dns_requests_total" + labels.formatted("a", "tcp") + "1"))
        .anyMatch(line -> line.startsWith("istio_dns_upstream_requests_total" + udp + "1"))
        .anyMatch(line ->
            line.startsWith("istio_dns_upstream_request_duration_seconds_count" + udp + "1"))
        .noneMatch(line -> line.startsWith("istio_dns_upstream_failures_total{"));
  }

  @Test
  @DisplayName("ztunnel-observability §2: one line a query at level debug, target dns")
  void logs() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    Runnable unfollow = Log.follow(lines::add);
    Log.configure(new Settings(Map.of("RUST_LOG", "dns=debug")));
    try {
      Ports ports = serve();
      TestMessage.ask(ports.udp(), TestMessage.query(1, "productpage.ns1", TestMessage.A));
      TestMessage.ask(ports.udp(), TestMessage.query(1, "productpage.ns1", TestMessage.AAAA));
      TestMessage.ask(ports.udp(), TestMessage.query(1, "unknown.example", TestMessage.TXT));
    } finally {
      Log.configure(new Settings(Map.of()));
      unfollow.run();
    }
    String client = "src.workload=\"client\" src.namespace=\"ns1\" query=";
    assertThat(lines)
        .filteredOn(line -> line.contains("\tdns\t"))
        .hasSize(3)
        .allSatisfy(line -> assertThat(line).contains("\tdebug\t"))
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains(client + "\"a\" domain=\"productpage.ns1\" result=\"success\"")
                    .contains("endpoints=\"[9.9.9.9]\""),
            line -> assertThat(line).contains("query=\"aaaa\"").contains("result=\"no records\""),
            line -> assertThat(line).contains("query=\"txt\"").contains("result=\"forwarded\""));
  }
}
