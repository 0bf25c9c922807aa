package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.hbone.RelayedTrafficTest.Application;
import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.RevocationLists;
import dev.ambit.model.Failure;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Revoked peers (spec: hbone §11; threat-model SEC-018, SEC-019). */
@Timeout(60)
final class RevocationTest {
  private static final Instant SOON = Instant.now().plusSeconds(3_600);

  @TempDir private Path folder;
  private Path file;
  private RevocationLists lists;

  @BeforeEach
  void no_file_yet() {
    file = folder.resolve("crl.pem");
    lists = RevocationLists.in(file);
  }

  private TunnelPair pair(MeshTls.Engine engine) {
    return new TunnelPair(Transport.Kind.EPOLL, engine, HboneSettings.DEFAULT, lists);
  }

  /** As a projected volume changes: by a rename. */
  private void publish(byte[] list) throws IOException {
    Path next = Files.write(folder.resolve("next"), list);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static int echo(Socket client) throws IOException {
    client.getOutputStream().write('x');
    return client.getInputStream().read();
  }

  @ParameterizedTest
  @EnumSource
  void a_revoked_server_is_refused_in_the_handshake(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      publish(pair.ca.revoking(SOON, pair.serverCertificate.leaf()));
      assertThat(lists.refresh()).isTrue();
      Future<TunnelPool.Stream> stream = pair.open("127.0.0.1:80");
      assertThat(pair.failureOf(stream)).isEqualTo(Failure.TLS);
      assertThat(stream.cause()).hasMessageContaining("is revoked by CRL");
      assertThat(lists.refused(false)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_revoked_client_is_refused_in_the_handshake(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      publish(pair.ca.revoking(SOON, pair.clientCertificate.leaf()));
      assertThat(lists.refresh()).isTrue();
      assertThat(pair.open("127.0.0.1:80").isSuccess()).isFalse();
      assertThat(pair.refusals.take()).contains("is revoked by CRL");
      assertThat(lists.refused(true)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @DisplayName("hbone 49: an open connection whose peer is revoked is closed with CERT_REVOKED")
  void open_connection(boolean client) throws Exception {
    try (TunnelPair pair = pair(MeshTls.Engine.BORINGSSL);
        var application =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        Socket socket = pair.connect(application.address())) {
      assertThat(echo(socket)).isEqualTo('x');
      var revoked = client ? pair.clientCertificate : pair.serverCertificate;
      publish(pair.ca.revoking(SOON, revoked.leaf()));
      assertThat(lists.refresh()).isTrue();
      assertThat(pair.tls.closeRevoked()).isEqualTo(1);
      assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThat(pair.ending(client ? "server" : "client").cause())
          .isInstanceOf(RevocationLists.Revoked.class)
          .hasMessage("connection closed: peer certificate revoked by CRL");
    }
  }

  @Test
  void the_unaffected_stay_connected() throws Exception {
    try (TunnelPair pair = pair(MeshTls.Engine.BORINGSSL);
        var application =
            Application.that(peer -> peer.getInputStream().transferTo(peer.getOutputStream()));
        Socket socket = pair.connect(application.address())) {
      assertThat(echo(socket)).isEqualTo('x');
      publish(pair.ca.revoking(SOON, pair.ca.workload(TunnelPair.CLIENT).leaf()));
      assertThat(lists.refresh()).isTrue();
      assertThat(pair.tls.closeRevoked()).isZero();
      assertThat(echo(socket)).isEqualTo('x');
    }
  }

  @Test
  @DisplayName("SEC-019: a list that comes between handshake and registration is not missed")
  void list_in_between() throws Exception {
    try (TunnelPair pair = pair(MeshTls.Engine.BORINGSSL)) {
      // The server's loop is ours: what it answers runs after its handshake, before the client
      // can know; the registration of both ends is then checked against the newest list.
      pair.answer =
          incoming -> {
            try {
              publish(pair.ca.revoking(SOON, pair.serverCertificate.leaf()));
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            lists.refresh();
            pair.tls.closeRevoked();
            incoming.accept(ConnectReply.open());
          };
      pair.open("127.0.0.1:80");
      assertThat(pair.tls.closeRevoked()).isZero();
      assertThat(pair.onLoop(() -> pair.pool.rows())).isEmpty();
    }
  }

  @Test
  void lists_that_cannot_be_used_change_nothing() throws Exception {
    TestCa ca = TestCa.root("mesh");
    var workload = ca.workload(TunnelPair.CLIENT);
    assertThat(lists.refresh()).isFalse();
    publish(TestCa.root("mesh").revoking(SOON, workload.leaf()));
    assertThat(lists.refresh()).isTrue();
    assertThat(lists.revoked(workload.chain(), workload.roots())).as("signed by another").isNull();

    publish(ca.revoking(Instant.now().minusSeconds(60), workload.leaf()));
    assertThat(lists.refresh()).isTrue();
    assertThat(lists.revoked(workload.chain(), workload.roots())).as("out of date").isNotNull();

    publish("-----BEGIN X509 CRL-----\nAAAA".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(lists.refresh()).isFalse();
    Files.delete(file);
    assertThat(lists.refresh()).isFalse();
    assertThat(lists.revoked(workload.chain(), workload.roots())).as("last good").isNotNull();

    publish(ca.revoking(SOON));
    assertThat(lists.refresh()).isTrue();
    assertThat(lists.revoked(workload.chain(), workload.roots())).as("taken back").isNull();
  }
}
