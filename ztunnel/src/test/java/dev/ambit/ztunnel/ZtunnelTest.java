package dev.ambit.ztunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.dataplane.flow.OpenConnections;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.wire.FakeControlPlane;
import dev.ambit.dataplane.xds.wire.GoldenXds;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.policy.Peer;
import dev.ambit.proto.discovery.DeltaDiscoveryResponse;
import dev.ambit.ztunnel.pod.FakeAgent;
import dev.ambit.ztunnel.pod.FakeRunner;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The whole daemon in process, between a fake control plane and a fake node agent. */
final class ZtunnelTest {
  @TempDir Path folder;

  private final TestCa ca = TestCa.root("mesh");
  private final FakeControlPlane plane = FakeControlPlane.start(ca);
  private final FakeRunner runner = new FakeRunner();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Netns network = Netns.open(Path.of("/proc/self/ns/net"));
  private final CompletableFuture<World.DataPath> path = new CompletableFuture<>();
  private FakeAgent agent;
  private int sockets;
  private Ztunnel ztunnel;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(folder.resolve("root.pem"), ca.rootPem());
    Files.writeString(folder.resolve("token"), "join");
    agent = new FakeAgent(folder.resolve("zds.sock"));
    ztunnel = Ztunnel.start(settings(Map.of()), world());
  }

  @AfterEach
  void stop() {
    ztunnel.close();
    agent.close();
    plane.close();
    network.close();
  }

  private ZtunnelSettings settings(Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("NODE_NAME", "node-a");
    environment.put("XDS_ADDRESS", plane.address().toString());
    environment.put("CA_ADDRESS", plane.address().toString());
    environment.put("XDS_ROOT_CA", folder.resolve("root.pem").toString());
    environment.put("CA_ROOT_CA", folder.resolve("root.pem").toString());
    environment.put("AMBIT_JOIN_TOKEN", folder.resolve("token").toString());
    environment.put("AMBIT_STATE", folder.resolve("state").toString());
    environment.put("INPOD_UDS", folder.resolve("zds.sock").toString());
    environment.put("AMBIT_ADMIN_SOCKET", folder.resolve("admin" + sockets++ + ".sock").toString());
    environment.put("ISTIO_META_ISTIO_VERSION", "1.2.3");
    environment.put("AMBIT_TRANSPORT", "nio");
    environment.put("ZTUNNEL_WORKER_THREADS", "1");
    for (String port : List.of("ADMIN", "STATS", "READINESS")) {
      environment.putIfAbsent("AMBIT_" + port + "_PORT", "0");
    }
    Settings read = Settings.of(environment, new String[0]);
    ZtunnelSettings settings = ZtunnelSettings.from(read, environment);
    read.finish();
    return settings;
  }

  private World world() {
    World real =
        World.real(given -> {
          path.complete(given);
          return runner;
        });
    return new World(real.clock(), real.pause(), Duration.ofMillis(20), real.runners());
  }

  private HttpResponse<String> ask(String method, InetSocketAddress server, String page)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getPort() + page))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private void serveMesh() {
    plane.serve(GoldenXds.addresses("a"));
    plane.serve(GoldenXds.response("xds-authorization-conv.json", DeltaStream.AUTHORIZATION, "p"));
  }

  private String readiness() throws Exception {
    HttpResponse<String> answer = ask("GET", ztunnel.readinessAddress(), "/healthz/ready");
    return answer.statusCode() + " " + answer.body();
  }

  private interface Question {
    boolean answer() throws Exception;
  }

  private static void eventually(Question question) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!question.answer()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  @DisplayName("ztunnel-observability 17: readiness names what is missing, in its order")
  void readiness_follows_the_start() throws Exception {
    assertThat(readiness())
        .isEqualTo("500 not ready, pending: state manager, workload proxy manager\n");
    DeltaDiscoveryResponse none =
        DeltaDiscoveryResponse.newBuilder().setTypeUrl(DeltaStream.AUTHORIZATION).build();
    FakeControlPlane.Stream stream = plane.nextStream();
    stream.send(GoldenXds.addresses("a"));
    stream.send(none);
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(readiness()).isEqualTo("500 not ready, pending: workload proxy manager\n");
      session.snapshotSent();
      assertThat(readiness()).isEqualTo("200 ready\n");
    }
    eventually(() -> readiness().startsWith("500 not ready, pending: workload proxy manager"));
    try (FakeAgent.Session again = agent.accept()) {
      again.snapshotSent();
      assertThat(readiness()).isEqualTo("200 ready\n");
    }
  }

  @Test
  @DisplayName("ca 13, ztunnel-observability 15: certificates of this node are fetched and dumped")
  void local_certificates_are_fetched_ahead() throws Exception {
    serveMesh();
    JsonNode[] certificates = new JsonNode[1];
    eventually(() -> {
      certificates[0] = dump().get("certificates");
      return certificates[0]
              .valueStream()
              .filter(one -> one.get("state").asString().equals("Available"))
              .count()
          == 4;
    });
    assertThat(certificates[0].valueStream().map(one -> one.get("identity").asString()))
        .containsExactly(
            "spiffe://cluster.local/ns/demo/sa/client",
            "spiffe://cluster.local/ns/demo/sa/echo",
            "spiffe://cluster.local/ns/demo/sa/solo",
            "spiffe://cluster.local/ns/other/sa/other");
    JsonNode leaf = certificates[0].get(0).get("certChain").get(0);
    assertThat(new BigInteger(leaf.get("serialNumber").asString()).signum()).isPositive();
    assertThat(leaf.get("validFrom").asString()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
    String pem =
        new String(
            java.util.Base64.getDecoder().decode(leaf.get("pem").asString()),
            StandardCharsets.US_ASCII);
    assertThat(pem).startsWith("-----BEGIN CERTIFICATE-----");

    plane.refuse(java.util.Optional.of(io.grpc.Status.UNAUTHENTICATED));
    path.get()
        .certificates()
        .fetch(
            new SpiffeId("cluster.local", "x", "y"),
            dev.ambit.dataplane.identity.Certificates.Priority.REAL_TIME);
    eventually(() ->
        dump()
            .get("certificates")
            .valueStream()
            .anyMatch(one -> one.get("state").asString().startsWith("Unavailable: CA ")));
  }

  private JsonNode dump() throws Exception {
    HttpResponse<String> answer = ask("GET", ztunnel.adminAddress(), "/config_dump");
    assertThat(answer.statusCode()).isEqualTo(200);
    return Json.read(answer.body().getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode golden(String file) throws IOException {
    try (var in = ZtunnelTest.class.getResourceAsStream("/golden/" + file)) {
      return Json.read(in.readAllBytes());
    }
  }

  @Test
  @DisplayName("ztunnel-observability 15: every key path of the real dump is in ours")
  void the_dump_has_every_key_of_the_real_one() throws Exception {
    serveMesh();
    try (FakeAgent.Session session = agent.accept()) {
      session.add("u1", network);
      session.snapshotSent();
      runner.broken.put("u2", "no");
      session.add("u2", network);
      eventually(() -> dump().get("certificates").get(0).get("certChain").size() > 0);
      JsonNode dump = dump();
      JsonNode keys = golden("config_dump_keys.json");
      assertKeys(dump, keys.get("_top"));
      assertKeys(dump.get("config"), keys.get("config"));
      assertKeys(dump.get("version"), keys.get("version"));
      assertKeys(dump.get("certificates").get(0), keys.get("certificates[]"));
      JsonNode echo = named(dump.get("workloads"), "echo-a");
      assertKeys(echo, keys.get("workloads[]"));
      JsonNode service = named(dump.get("services"), "echo");
      assertKeys(service, keys.get("services[]"));
      assertKeys(service.get("endpoints").get("Kubernetes//Pod/demo/echo-a"), keys.get("endpoint"));
      assertKeys(dump.get("workloadState").get("u1"), keys.get("workloadState{}"));
      assertThat(dump.get("workloadState").get("u1").get("state").asString()).isEqualTo("Up");
      assertThat(dump.get("workloadState").get("u2").get("state").asString()).isEqualTo("Pending");

      // The very values, where the recorded mesh is the same.
      JsonNode real = golden("config_dump-node-a.json");
      assertThat(echo).isEqualTo(named(real.get("workloads"), "echo-a"));
      for (String name : List.of("echo", "dual", "headless", "empty")) {
        assertThat(named(dump.get("services"), name)).isEqualTo(named(real.get("services"), name));
      }
      assertThat(dump.get("policies").get(0).toString())
          .isEqualTo(
              "{\"name\":\"conv\",\"namespace\":\"demo\",\"scope\":\"WorkloadSelector\","
                  + "\"action\":\"Allow\",\"rules\":[[[{\"destinationPorts\":[80]}],"
                  + "[{\"notNamespaces\":[{\"Prefix\":\"x\"}],\"principals\":"
                  + "[{\"Exact\":\"cluster.local/ns/demo/sa/client\"}]}]],"
                  + "[[{\"sourceIps\":[\"10.0.0.0/8\"]}]]]}");
      for (String key :
          List.of(
              "windowSize",
              "illegalPorts",
              "packetMark",
              "secretTtl",
              "socketConfig",
              "poolUnusedReleaseTimeout",
              "outboundAddr",
              "proxyMode")) {
        assertThat(dump.get("config").get(key)).isEqualTo(real.get("config").get(key));
      }
    }
  }

  private static JsonNode named(JsonNode list, String name) {
    return list.valueStream()
        .filter(one -> one.get("name").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void assertKeys(JsonNode ours, JsonNode theirs) {
    List<String> wanted = new ArrayList<>();
    theirs.forEach(key -> wanted.add(key.asString()));
    assertThat(ours.propertyNames()).containsAll(wanted);
  }

  @Test
  void open_connections_and_tunnels_are_shown_with_their_pod() throws Exception {
    serveMesh();
    try (FakeAgent.Session session = agent.accept()) {
      session.add("u1", network);
      session.snapshotSent();
      InetSocketAddress from = new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 4711);
      InetSocketAddress to = new InetSocketAddress(InetAddress.ofLiteral("fd44::b"), 8080);
      OpenConnections open = path.get().connections();
      open.inbound(
          "u1", "w", from, new Peer(from.getAddress(), null, to), "echo.demo", (f, r) -> {});
      open.outbound("u1", from, to, to, "HBONE", (f, r) -> {});
      JsonNode connections = dump().get("workloadState").get("u1").get("connections");
      assertThat(connections.toString())
          .isEqualTo(
              "{\"inbound\":[{\"src\":\"10.0.0.1:4711\",\"originalDst\":\"echo.demo\","
                  + "\"actualDst\":\"[fd44::b]:8080\",\"protocol\":\"TCP\"}],"
                  + "\"outbound\":[{\"src\":\"10.0.0.1:4711\",\"originalDst\":\"[fd44::b]:8080\","
                  + "\"actualDst\":\"[fd44::b]:8080\",\"protocol\":\"HBONE\"}]}");
      JsonNode tunnels =
          Json.read(
              AdminClient.get(folder.resolve("admin0.sock"), "/tunnels", Duration.ofSeconds(5)));
      assertThat(tunnels.get(0).get("podUid").asString()).isEqualTo("u1");
      assertThat(tunnels.get(0).get("streams").asInt()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("ztunnel-observability 10, 12, 14, 18, 26: metrics, build, logging, quit, profile")
  void the_pages_answer_as_upstream_does() throws Exception {
    HttpResponse<String> metrics = ask("GET", ztunnel.statsAddress(), "/metrics");
    assertThat(metrics.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
    assertThat(metrics.body())
        .contains("istio_build{component=\"ztunnel\",tag=\"1.2.3\"} 1")
        .contains("workload_manager_active_proxy_count 0")
        .endsWith("# EOF\n");
    assertThat(ask("GET", ztunnel.statsAddress(), "/foo").statusCode()).isEqualTo(404);
    assertThat(ask("GET", ztunnel.adminAddress(), "/logging").statusCode()).isEqualTo(405);
    assertThat(ask("POST", ztunnel.adminAddress(), "/logging?level=xds=debug").statusCode())
        .isEqualTo(200);
    assertThat(ask("POST", ztunnel.adminAddress(), "/logging?reset").statusCode()).isEqualTo(200);
    assertThat(ask("POST", ztunnel.adminAddress(), "/logging?level=nonsense=x").statusCode())
        .isEqualTo(400);
    for (String bad : List.of("seconds=0", "seconds=301", "frequency=1001", "seconds=x")) {
      assertThat(ask("GET", ztunnel.adminAddress(), "/debug/pprof/profile?" + bad).statusCode())
          .as(bad)
          .isEqualTo(400);
    }
    assertThat(ask("GET", ztunnel.adminAddress(), "/").body()).contains("config_dump");
    assertThat(ask("GET", ztunnel.adminAddress(), "/version").body()).contains("0.1.0");

    assertThat(ask("GET", ztunnel.adminAddress(), "/quitquitquit").statusCode()).isEqualTo(405);
    assertThat(ztunnel.quitRequested()).isNotDone();
    assertThat(ask("POST", ztunnel.adminAddress(), "/quitquitquit").body())
        .isEqualTo("shutdown now\n");
    assertThat(ztunnel.quitRequested()).isDone();
  }

  @Test
  void a_pending_pod_is_tried_again_until_it_starts() throws Exception {
    serveMesh();
    runner.broken.put("u1", "port 15008 is taken");
    try (FakeAgent.Session session = agent.accept()) {
      assertThat(session.add("u1", network)).startsWith("failure to start proxy");
      session.snapshotSent();
      assertThat(readiness()).contains("workload proxy manager");
      runner.broken.clear();
      eventually(() -> readiness().equals("200 ready\n"));
    }
  }

  @Test
  @DisplayName("ztunnel-observability 19: a drain tells every pod and listens to the agent no more")
  void a_drain_lets_pods_end() throws Exception {
    serveMesh();
    try (FakeAgent.Session session = agent.accept()) {
      session.add("u1", network);
      session.snapshotSent();
      CompletableFuture<Void> drained = ztunnel.drain();
      session.expectEnd();
      assertThat(runner.told).contains("drain u1 5000");
      assertThat(drained).isNotDone();
      runner.drains.get("u1").complete(null);
      drained.get(10, TimeUnit.SECONDS);
      assertThat(ask("GET", ztunnel.adminAddress(), "/version").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void without_a_control_plane_the_state_stays_and_traffic_goes_on() throws Exception {
    serveMesh();
    try (FakeAgent.Session session = agent.accept()) {
      session.add("u1", network);
      session.snapshotSent();
      plane.close();
      assertThat(path.get().mesh().get().workloads()).hasSize(11);
      assertThat(runner.up).containsExactly("u1");
      assertThat(readiness()).isEqualTo("200 ready\n");
    }
  }

  @Test
  void a_taken_port_is_an_error_that_leaves_nothing_behind() {
    String port = String.valueOf(ztunnel.statsAddress().getPort());
    assertThatThrownBy(() ->
            Ztunnel.start(
                settings(Map.of("AMBIT_STATS_PORT", port, "AMBIT_ADMIN_PORT", "0")), world()))
        .hasMessageContaining(port);
    assertThat(
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("loop"))
                .count())
        .isLessThanOrEqualTo(1);
  }
}
