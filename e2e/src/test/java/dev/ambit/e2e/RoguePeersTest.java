package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.e2e.mesh.EchoServer;
import dev.ambit.e2e.mesh.MeshFixture;
import dev.ambit.e2e.mesh.Rogue;
import dev.ambit.e2e.mesh.Talk;
import dev.ambit.e2e.mesh.TestPod;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Peers with wrong, expired or no certificates, and peers that speak garbage or nothing. */
@Tag("kernel")
class RoguePeersTest {
  private static final TestCa CA = TestCa.root("mesh root");
  private static final TestCa STRANGER = TestCa.root("another root");
  private static final SpiffeId ROGUE = id("spiffe://cluster.local/ns/shop/sa/rogue");

  private static MeshFixture mesh;
  private static TestPod client;
  private static TestPod server;
  private static TestPod rogue;
  private static EchoServer echo;

  private static SpiffeId id(String text) {
    return SpiffeId.parse(text).orElseThrow();
  }

  @BeforeAll
  static void build() throws Exception {
    mesh = MeshFixture.network();
    mesh.given(CA.rootPem(), CA.keyPem());
    mesh.startAll();
    client = mesh.pod("shop", "client", "node-a");
    server = mesh.pod("shop", "server", "node-b");
    // Said to be captured by a node that does not exist: peers will use tunnels to it.
    rogue = mesh.pod("rogues", "rogue", "node-c", "node-b");
    EnrolmentFacts.write(
        mesh.folder().resolve("facts"),
        "node-c",
        Map.of(rogue.fullName(), EnrolmentFacts.State.ENABLED));
    echo = server.echoes(8080);
    mesh.enrols("shop");
    mesh.awaitProtocol(rogue, "HBONE");
  }

  @AfterAll
  static void end() throws Exception {
    if (mesh != null) {
      mesh.close();
    }
  }

  static Stream<Arguments> certificates() {
    Instant now = Instant.now();
    SpiffeId mine = id("spiffe://cluster.local/ns/rogues/sa/rogue");
    return Stream.of(
        Arguments.of("hbone 29: another identity of the mesh", CA.workload(ROGUE)),
        Arguments.of(
            "hbone 28: another trust domain",
            CA.workload(id("spiffe://elsewhere/ns/rogues/sa/rogue"))),
        Arguments.of("another root", STRANGER.workload(mine)),
        Arguments.of(
            "expired",
            CA.workload(mine, now.minus(Duration.ofDays(2)), now.minus(Duration.ofHours(1)))),
        Arguments.of(
            "not yet valid",
            CA.workload(mine, now.plus(Duration.ofHours(2)), now.plus(Duration.ofDays(2)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("certificates")
  @DisplayName("a server with a wrong certificate gets nothing; the client's connection closes")
  void server_with_a_wrong_certificate(String name, WorkloadCertificate certificate)
      throws Exception {
    try (Rogue there = rogue.meets(15008, Rogue.showing(certificate))) {
      mesh.forgetLog();
      try (Talk talk = client.connects(rogue, 8080)) {
        assertThat(talk.endAfter("a secret")).isIn("FIN", "RST");
      }
      assertThat(there.bytesGiven()).isZero();
      Until.holds(
          "a line says why",
          () -> mesh.logged().toString(),
          () -> !mesh.logged("direction=\"outbound\"", "error=", rogue.ipv4()).isEmpty());
    }
  }

  @Test
  void the_right_certificate_is_spoken_to() throws Exception {
    WorkloadCertificate right = CA.workload(id("spiffe://cluster.local/ns/rogues/sa/rogue"));
    try (Rogue there = rogue.meets(15008, Rogue.showing(right));
        Talk talk = client.connects(rogue, 8080)) {
      talk.says("hello");
      Until.holds("spoken to", () -> there.bytesGiven() > 0);
    }
  }

  @Test
  @DisplayName("a server that speaks garbage in the handshake closes the client's connection")
  void server_that_speaks_garbage() throws Exception {
    byte[] garbage = new byte[4096];
    new Random(1).nextBytes(garbage);
    try (Rogue there =
            rogue.meets(
                15008,
                socket -> {
                  socket.getOutputStream().write(garbage);
                  socket.getInputStream().readAllBytes();
                  return 0;
                });
        Talk talk = client.connects(rogue, 8080)) {
      assertThat(talk.endAfter("a secret")).isIn("FIN", "RST");
      assertThat(there.bytesGiven()).isZero();
    }
  }

  @Test
  @DisplayName("a server that stalls in the handshake is given up, and others are not held up")
  void server_that_stalls() throws Exception {
    try (Rogue there =
            rogue.meets(
                15008,
                socket -> {
                  socket.setSoTimeout(60_000);
                  socket.getInputStream().readAllBytes();
                  return 0;
                });
        Talk talk = client.connects(rogue, 8080)) {
      talk.says("a secret");
      assertThat(client.reaches(server, 8080)).isTrue();
      talk.socket().setSoTimeout(40_000);
      assertThat(talk.end()).isIn("FIN", "RST");
      assertThat(there.bytesGiven()).isZero();
    }
  }

  static Stream<Arguments> clients() {
    return Stream.concat(
        certificates().filter(row -> !((String) row.get()[0]).startsWith("hbone 29")),
        Stream.of(Arguments.of("no certificate", null)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("clients")
  @DisplayName("a client with a wrong certificate, or none, is refused")
  void client_with_a_wrong_certificate(String name, WorkloadCertificate certificate)
      throws Exception {
    int before = echo.callers().size();
    try (Talk talk = rogue.connects(server, 15008)) {
      assertThat(Rogue.calls(talk.socket(), certificate)).matches("(refused|closed).*");
    }
    assertThat(echo.callers()).hasSize(before);
    assertThat(client.reaches(server, 8080)).isTrue();
  }

  @Test
  void a_client_with_a_right_certificate_is_let_into_the_handshake() throws Exception {
    try (Talk talk = rogue.connects(server, 15008)) {
      assertThat(Rogue.calls(talk.socket(), CA.workload(ROGUE))).isEqualTo("accepted");
    }
  }

  @Test
  @DisplayName("clients that speak garbage or stall are closed, and hold nobody up")
  void clients_that_stall_or_speak_garbage() throws Exception {
    try (Talk garbage = rogue.connects(server, 15008);
        Talk stalled = rogue.connects(server, 15008)) {
      byte[] noise = new byte[4096];
      new Random(2).nextBytes(noise);
      garbage.socket().getOutputStream().write(noise);
      stalled.socket().getOutputStream().write(22);
      assertThat(client.reaches(server, 8080)).isTrue();
      assertThat(garbage.end()).isIn("FIN", "RST", "byte 21");
      stalled.socket().setSoTimeout(40_000);
      assertThat(stalled.end()).isIn("FIN", "RST", "byte 21");
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("reset");
    }
  }
}
