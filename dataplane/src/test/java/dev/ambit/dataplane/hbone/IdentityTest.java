package dev.ambit.dataplane.hbone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.dataplane.net.Transport;
import dev.ambit.dataplane.tls.MeshTls;
import dev.ambit.dataplane.tls.WorkloadCertificate;
import dev.ambit.model.Failure;
import dev.ambit.model.identity.SpiffeId;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who is let in, and whom we talk to (spec: hbone §2.2, §2.3; threat-model §7.1). */
@Timeout(60)
final class IdentityTest {
  private static final SpiffeId OTHER = new SpiffeId("cluster.local", "demo", "other");
  private static final Instant NOW = Instant.now();

  private final AtomicInteger asked = new AtomicInteger();

  private TunnelPair pair(MeshTls.Engine engine) {
    TunnelPair pair = new TunnelPair(Transport.Kind.EPOLL, engine, HboneSettings.DEFAULT);
    pair.answer =
        incoming -> {
          asked.incrementAndGet();
          incoming.accept(ConnectReply.open());
        };
    return pair;
  }

  private void refused(TunnelPair pair, String... sentence) {
    Future<TunnelPool.Stream> stream = pair.open("127.0.0.1:80");
    assertThat(stream.isSuccess()).isFalse();
    assertThat(pair.failureOf(stream)).isEqualTo(Failure.TLS);
    assertThat(stream.cause()).hasMessageContainingAll(sentence);
    assertThat(asked).hasValue(0);
  }

  private static void refusedByServer(TunnelPair pair, String sentence)
      throws InterruptedException {
    assertThat(pair.refusals.poll(10, TimeUnit.SECONDS)).contains(sentence);
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hbone 29: a server with another identity is not used, and both are named")
  void wrong_server(MeshTls.Engine engine) {
    try (TunnelPair pair = pair(engine)) {
      pair.expected = Set.of(OTHER);
      refused(
          pair,
          "TLS from " + TunnelPair.CLIENT + " to " + OTHER,
          "got " + TunnelPair.SERVER + ", expected " + OTHER);
    }
  }

  @ParameterizedTest
  @EnumSource
  void one_of_several_expected_identities_will_do(MeshTls.Engine engine) {
    try (TunnelPair pair = pair(engine)) {
      pair.expected = Set.of(OTHER, TunnelPair.SERVER);
      Future<TunnelPool.Stream> stream = pair.open("127.0.0.1:80");
      assertThat(stream.getNow().peer()).isEqualTo(TunnelPair.SERVER);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hbone 28: a client of another trust domain is refused, though its root is ours")
  void foreign_trust_domain(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      pair.clientCertificate = pair.ca.workload(new SpiffeId("other.domain", "demo", "client"));
      refused(pair, "TLS from");
      refusedByServer(
          pair, "got spiffe://other.domain/ns/demo/sa/client, expected trust domain cluster.local");
    }
  }

  @ParameterizedTest
  @EnumSource
  void foreign_root(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      WorkloadCertificate foreign = TestCa.root("other").workload(TunnelPair.CLIENT);
      pair.clientCertificate =
          new WorkloadCertificate(
              TunnelPair.CLIENT,
              foreign.key(),
              foreign.chain(),
              List.of(pair.ca.rootCertificate()));
      refused(pair, "TLS from");
      refusedByServer(pair, "peer certificate of [" + TunnelPair.CLIENT + "]");
    }
  }

  @ParameterizedTest
  @EnumSource
  void expired_server(MeshTls.Engine engine) {
    try (TunnelPair pair = pair(engine)) {
      pair.serverCertificate =
          pair.ca.workload(TunnelPair.SERVER, NOW.minus(Duration.ofHours(1)), NOW.minusSeconds(1));
      refused(pair, "peer certificate of [" + TunnelPair.SERVER + "]");
    }
  }

  @ParameterizedTest
  @EnumSource
  void expired_client(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      pair.clientCertificate =
          pair.ca.workload(TunnelPair.CLIENT, NOW.minus(Duration.ofHours(1)), NOW.minusSeconds(1));
      refused(pair, "TLS from");
      refusedByServer(pair, "peer certificate of [" + TunnelPair.CLIENT + "]");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("SEC-008: a certificate with two URI names is refused, whichever comes first")
  void two_names(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      pair.clientCertificate =
          named(pair.ca, TunnelPair.CLIENT, TunnelPair.CLIENT.toString(), "spiffe://x/ns/a/sa/b");
      refused(pair, "TLS from");
      refusedByServer(pair, "got 2 URI names");
      pair.clientCertificate = pair.ca.workload(TunnelPair.CLIENT);
      pair.serverCertificate =
          named(pair.ca, TunnelPair.SERVER, "spiffe://x/ns/a/sa/b", TunnelPair.SERVER.toString());
      refused(pair, "got 2 URI names");
    }
  }

  private static WorkloadCertificate named(TestCa ca, SpiffeId identity, String... uris) {
    KeyPair keys = TestCa.newKeys();
    return new WorkloadCertificate(
        identity,
        keys.getPrivate(),
        List.of(
            ca.leaf(
                keys.getPublic(),
                NOW.minus(Duration.ofHours(1)),
                NOW.plus(Duration.ofHours(1)),
                List.of(uris))),
        List.of(ca.rootCertificate()));
  }

  @ParameterizedTest
  @EnumSource
  void a_chain_with_an_intermediate_is_followed(MeshTls.Engine engine) {
    try (TunnelPair pair = pair(engine)) {
      TestCa below = pair.ca.intermediate("below");
      pair.clientCertificate = below.workload(TunnelPair.CLIENT);
      pair.serverCertificate = below.workload(TunnelPair.SERVER);
      assertThat(pair.open("127.0.0.1:80").isSuccess()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_renewed_certificate_is_used_at_once_and_the_old_tunnel_lives(MeshTls.Engine engine) {
    try (TunnelPair pair = pair(engine)) {
      TunnelPool.Stream before = pair.open("127.0.0.1:80").getNow();
      pair.serverCertificate = pair.ca.workload(TunnelPair.SERVER);
      pair.clientCertificate = pair.ca.workload(TunnelPair.CLIENT);
      // Another key, so that another handshake is made.
      pair.expected = Set.of(TunnelPair.SERVER, OTHER);
      assertThat(pair.open("127.0.0.1:80").isSuccess()).isTrue();
      assertThat(pair.accepted).hasValue(2);
      assertThat(before.leg().channel().isActive()).isTrue();
      pair.tls.forget(TunnelPair.SERVER);
      pair.tls.forget(TunnelPair.CLIENT);
      assertThat(pair.open("127.0.0.1:80").isSuccess()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("SEC-002: a client without a certificate is refused")
  void no_certificate(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine);
        RawClient client = RawClient.connect(pair.tunnelAddress(), null, _ -> {})) {
      assertThat(client.next()).isNull();
      refusedByServer(pair, "TLS handshake failed");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("SEC-001: TLS 1.2 is refused")
  void old_protocol(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      assertThatThrownBy(() ->
              RawClient.connect(
                  pair.tunnelAddress(),
                  pair.clientCertificate,
                  parameters -> parameters.setProtocols(new String[] {"TLSv1.2"})))
          .isInstanceOf(IOException.class);
      refusedByServer(pair, "TLS handshake failed");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("hbone §2: a client that offers no ALPN is served, one of HTTP/1.1 only is not")
  void alpn(MeshTls.Engine engine) throws Exception {
    try (TunnelPair pair = pair(engine)) {
      try (RawClient silent =
          RawClient.connect(
              pair.tunnelAddress(),
              pair.clientCertificate,
              parameters -> parameters.setApplicationProtocols(new String[0]))) {
        silent.preface().connect(1, "127.0.0.1:80");
        assertThat(silent.status()).isEqualTo(200);
      }
      try (RawClient old =
          RawClient.connect(
              pair.tunnelAddress(),
              pair.clientCertificate,
              parameters -> parameters.setApplicationProtocols(new String[] {"http/1.1"}))) {
        old.bytes("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes());
        assertThat(old.next(RawClient.HEADERS)).isNull();
      }
      refusedByServer(pair, "HTTP/1.x request");
    }
  }

  @Test
  void a_certificate_that_is_not_to_be_had_fails_the_caller() {
    try (TunnelPair pair = pair(MeshTls.Engine.BORINGSSL)) {
      pair.certificateFailure = new IllegalStateException("CA is down");
      Future<TunnelPool.Stream> stream = pair.open("127.0.0.1:80");
      assertThat(pair.failureOf(stream)).isEqualTo(Failure.NO_CERTIFICATE);
      assertThat(stream.cause()).hasMessageContaining("CA is down");
    }
  }
}
