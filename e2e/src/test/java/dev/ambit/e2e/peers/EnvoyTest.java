package dev.ambit.e2e.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.hbone.TunnelFailure;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real Envoy at the other end, mutual TLS with certificates of one root. */
@Tag("peers")
final class EnvoyTest {
  private static final SpiffeId OURS = new SpiffeId("cluster.local", "demo", "ours");
  private static final SpiffeId ENVOY = new SpiffeId("cluster.local", "demo", "envoy");
  private static final SpiffeId OTHER = new SpiffeId("cluster.local", "demo", "other");

  /** Which end of the tunnel is Envoy's. */
  enum Role {
    ENVOY_CALLS,
    ENVOY_IS_CALLED
  }

  @TempDir private Path work;
  private final List<AutoCloseable> open = new ArrayList<>();
  private Envoy envoy;
  private MeshCa ca;
  private Application application;
  private OurTunnel ours;

  @BeforeEach
  void start() {
    envoy = new Envoy(work);
    ca = closing(MeshCa.start(work.resolve("mesh"), OURS, ENVOY, OTHER));
    application = closing(Application.start());
    ours = closing(new OurTunnel(ca.certificate(OURS)));
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void carries_ten_mebibytes_there_and_back(Role role) throws Exception {
    byte[] sent = new byte[10 << 20];
    new Random(1).nextBytes(sent);
    try (Socket client = connect(path(role))) {
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  client.getOutputStream().write(sent);
                  client.shutdownOutput();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      byte[] got = client.getInputStream().readAllBytes();
      writer.join();
      byte[] end = (" end after " + sent.length).getBytes(US_ASCII);
      assertThat(got).hasSize(sent.length + end.length).startsWith(sent).endsWith(end);
    }
  }

  @ParameterizedTest
  @EnumSource
  void passes_a_half_close_on_and_the_answer_back(Role role) throws Exception {
    assertThat(exchange(path(role), "hello")).isEqualTo("hello end after 5");
  }

  @ParameterizedTest
  @EnumSource
  void carries_a_hundred_connections_at_once(Role role) throws Exception {
    int port = path(role);
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Socket client = closing(connect(port));
      client.getOutputStream().write(("number " + i).getBytes(US_ASCII));
      clients.add(client);
    }
    for (int i = 0; i < 100; i++) {
      clients.get(i).shutdownOutput();
      assertThat(clients.get(i).getInputStream().readAllBytes())
          .asString(US_ASCII)
          .startsWith("number " + i + " end after");
    }
  }

  @ParameterizedTest
  @EnumSource
  void ends_the_connection_when_the_application_is_not_listening(Role role) throws Exception {
    int port = path(role);
    application.close();
    assertThat(exchange(port, "hello")).isEmpty();
  }

  @Test
  void knows_envoy_by_the_identity_it_proves() throws Exception {
    exchange(path(Role.ENVOY_CALLS), "hello");
    assertThat(ours.callers.poll(5, TimeUnit.SECONDS)).isEqualTo(ENVOY);
  }

  @Test
  void refuses_envoy_with_a_certificate_of_another_root() throws Exception {
    MeshCa strangers = closing(MeshCa.start(work.resolve("strangers"), ENVOY));
    int port = envoyCalls(strangers.files(ENVOY), OURS);
    assertThat(exchange(port, "hello")).isEmpty();
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("TLS handshake failed");
    assertThat(ours.callers).isEmpty();
  }

  @Test
  void refuses_envoy_of_another_trust_domain() throws Exception {
    int port = envoyCalls(ca.forged("spiffe://other.domain/ns/demo/sa/envoy"), OURS);
    assertThat(exchange(port, "hello")).isEmpty();
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("other.domain");
  }

  @Test
  void refuses_envoy_with_the_certificate_of_a_node() throws Exception {
    int port = envoyCalls(ca.forged("spiffe://cluster.local/ambit/node/node-1"), OURS);
    assertThat(exchange(port, "hello")).isEmpty();
    assertThat(ours.refusals.poll(5, TimeUnit.SECONDS)).contains("ambit/node/node-1");
  }

  @Test
  void is_refused_by_envoy_that_expects_someone_else() throws Exception {
    int port = envoyCalls(ca.files(ENVOY), OTHER);
    assertThat(exchange(port, "hello")).isEmpty();
    assertThat(ours.callers).isEmpty();
  }

  @Test
  void does_not_talk_to_envoy_that_proves_another_identity() throws Exception {
    int tunnel = envoyIsCalled(ca.files(OTHER), OURS);
    int port = ours.outbound(tunnel, ENVOY, application.authority());
    assertThat(exchange(port, "hello")).isEmpty();
    TunnelFailure failure = ours.failures.poll(5, TimeUnit.SECONDS);
    assertThat(failure).isNotNull();
    assertThat(failure.failure()).isEqualTo(Failure.TLS);
    assertThat(failure.detail()).contains(OTHER.toString(), ENVOY.toString());
    assertThat(application.accepted()).isZero();
  }

  @Test
  void says_so_when_envoy_does_not_accept_our_identity() throws Exception {
    int tunnel = envoyIsCalled(ca.files(ENVOY), OTHER);
    int port = ours.outbound(tunnel, ENVOY, application.authority());
    assertThat(exchange(port, "hello")).isEmpty();
    assertThat(ours.failures.poll(5, TimeUnit.SECONDS)).isNotNull();
    assertThat(application.accepted()).isZero();
  }

  @Test
  void shares_one_tunnel_to_envoy() throws Exception {
    int port = path(Role.ENVOY_IS_CALLED);
    try (Socket first = connect(port);
        Socket second = connect(port)) {
      assertThat(echoOf(first)).isEqualTo('x');
      assertThat(echoOf(second)).isEqualTo('x');
      assertThat(ours.tunnels()).isEqualTo(1);
    }
  }

  /** A port whose connections go through a tunnel between Envoy and us to the application. */
  private int path(Role role) {
    return switch (role) {
      case ENVOY_CALLS -> envoyCalls(ca.files(ENVOY), OURS);
      case ENVOY_IS_CALLED ->
          ours.outbound(envoyIsCalled(ca.files(ENVOY), OURS), ENVOY, application.authority());
    };
  }

  private int envoyCalls(PemFiles files, SpiffeId expected) {
    int port = ForeignProgram.freePort();
    closing(
        envoy.client(
            port,
            application.authority(),
            "127.0.0.1:" + ours.inbound(),
            files,
            expected.toString()));
    return port;
  }

  private int envoyIsCalled(PemFiles files, SpiffeId expected) {
    int port = ForeignProgram.freePort();
    closing(envoy.server("127.0.0.1:" + port, application.port(), files, expected.toString()));
    return port;
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Sends, half-closes, and returns everything that comes back; nothing after a reset. */
  private static String exchange(int port, String text) throws IOException {
    try (Socket socket = connect(port)) {
      socket.getOutputStream().write(text.getBytes(US_ASCII));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    } catch (SocketException reset) {
      return "";
    }
  }

  private static int echoOf(Socket socket) throws IOException {
    socket.getOutputStream().write('x');
    return socket.getInputStream().read();
  }

  private <T extends AutoCloseable> T closing(T one) {
    open.add(one);
    return one;
  }
}
