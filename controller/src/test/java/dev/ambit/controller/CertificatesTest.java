package dev.ambit.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.controller.ca.Csr;
import dev.ambit.controller.ca.RootSet;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.proto.ca.IstioCertificateResponse;
import io.grpc.Channel;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joining and certificates over the wire: what a node gets, and what it does not. */
final class CertificatesTest {
  private static final String CLIENT = "spiffe://cluster.local/ns/demo/sa/client";
  private static final String SERVER = "spiffe://cluster.local/ns/demo/sa/server";
  private static final String NODE_A = "spiffe://cluster.local/ambit/node/node-a";

  @TempDir private Path folder;
  private TestMesh mesh;

  @BeforeEach
  void start() throws Exception {
    mesh =
        TestMesh.of(
            folder,
            Yaml.pod("demo", "p", "10.0.0.1", "node-a", "client"),
            Yaml.pod("demo", "q", "10.0.0.2", "node-b", "server"));
  }

  @AfterEach
  void stop() {
    mesh.close();
  }

  private static X509Certificate leaf(IstioCertificateResponse response) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(
                    response.getCertChain(0).getBytes(StandardCharsets.US_ASCII)));
  }

  private static List<Object> names(X509Certificate certificate) throws Exception {
    List<Object> names = new ArrayList<>();
    certificate.getSubjectAlternativeNames().forEach(name -> names.add(name.getLast()));
    return names;
  }

  private static IstioCertificateResponse impersonate(Channel channel, String identity) {
    return TestMesh.certify(channel, Csr.of(identity), "ImpersonatedIdentity", identity);
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refusal -> {
              assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
              // Nothing is said but no.
              assertThat(refusal.getStatus().getDescription())
                  .isEqualTo("request authenticate failure");
            });
  }

  /** A node certificate, got with the join token. */
  private Channel joined(String node) throws Exception {
    Csr csr = Csr.of("spiffe://anything");
    IstioCertificateResponse response = TestMesh.certify(mesh.node(node), csr, "AmbitNode", node);
    return mesh.withCertificate(csr, response.getCertChain(0));
  }

  @Test
  @DisplayName("joining: token -> node certificate -> certificates of the pods on that node")
  void a_node_joins_and_gets_the_certificates_of_its_pods() throws Exception {
    Csr csr = Csr.of("spiffe://anything");
    IstioCertificateResponse joined =
        TestMesh.certify(mesh.node("node-a"), csr, "AmbitNode", "node-a");
    assertThat(names(leaf(joined))).containsExactly(NODE_A);
    assertThat(joined.getCertChain(joined.getCertChainCount() - 1)).isEqualTo(mesh.root());
    Channel node = mesh.withCertificate(csr, joined.getCertChain(0));
    assertThat(names(leaf(impersonate(node, CLIENT)))).containsExactly(CLIENT);
    assertRefused(() -> impersonate(node, SERVER));
    assertRefused(() -> impersonate(node, "spiffe://evil/ns/demo/sa/client"));
    assertRefused(() -> TestMesh.certify(node, csr, "AmbitNode", "node-b"));
    // The certificate renews itself, and opens configuration streams too.
    assertThat(names(leaf(TestMesh.certify(node, csr, "AmbitNode", "node-a"))))
        .containsExactly(NODE_A);
    try (TestStream stream = TestStream.open(node, "node-a").wildcard(ResourceType.ADDRESS)) {
      assertThat(stream.next().getResourcesCount()).isEqualTo(2);
    }
  }

  @Test
  @DisplayName("joining: a join token is a bearer of every call, as Istio's own ztunnel needs it")
  void a_join_token_calls_directly() throws Exception {
    Channel node = mesh.node("node-b");
    assertThat(names(leaf(impersonate(node, SERVER)))).containsExactly(SERVER);
    assertRefused(() -> impersonate(node, CLIENT));
  }

  @Test
  @DisplayName("ca 16: nobody, garbage and another authority's certificate prove nothing")
  void refuses_who_proves_nothing(@TempDir Path elsewhere) throws Exception {
    assertRefused(() -> impersonate(mesh.channel(mesh.trusting()), CLIENT));
    assertRefused(() -> impersonate(mesh.withToken("garbage"), CLIENT));
    try (TestStream stream =
        TestStream.open(mesh.withToken("garbage"), "node-a").wildcard(ResourceType.ADDRESS)) {
      assertThat(stream.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    }
    RootSet.open(elsewhere, "cluster.local", InstantSource.system());
    assertThat(mesh.page("/metrics").body())
        .contains("citadel_server_authentication_failure_count");
  }

  @Test
  @DisplayName("ca §7: a workload's certificate is no node's")
  void a_workload_certificate_proves_no_node() throws Exception {
    Csr csr = Csr.of(CLIENT);
    IstioCertificateResponse workload =
        TestMesh.certify(joined("node-a"), csr, "ImpersonatedIdentity", CLIENT);
    Channel channel = mesh.withCertificate(csr, workload.getCertChain(0));
    assertRefused(() -> impersonate(channel, CLIENT));
  }

  @Test
  @DisplayName("threat-model SEC-003: a node certificate of another authority does not get in")
  void a_foreign_authority_is_not_trusted(@TempDir Path elsewhere) throws Exception {
    try (TestMesh other =
        TestMesh.of(elsewhere, Yaml.pod("demo", "p", "10.0.0.1", "node-a", "client"))) {
      Csr csr = Csr.of("spiffe://anything");
      String foreign =
          TestMesh.certify(other.node("node-a"), csr, "AmbitNode", "node-a").getCertChain(0);
      Channel channel = mesh.withCertificate(csr, foreign);
      assertThatThrownBy(() -> impersonate(channel, CLIENT))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refusal ->
                  assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }
  }

  @Test
  @DisplayName("threat-model SEC-025: a pod that is gone takes its node's right along")
  void follows_pods_from_node_to_node() throws Exception {
    Channel nodeA = mesh.node("node-a");
    Channel nodeB = mesh.node("node-b");
    assertThat(impersonate(nodeA, CLIENT).getCertChainCount()).isPositive();
    try (TestStream stream = TestStream.open(nodeA, "node-a").wildcard(ResourceType.ADDRESS)) {
      stream.next();
      mesh.write("m0.yaml", Yaml.pod("demo", "p", "10.0.0.1", "node-b", "client"));
      stream.next();
    }
    assertRefused(() -> impersonate(nodeA, CLIENT));
    assertThat(impersonate(nodeB, CLIENT).getCertChainCount()).isPositive();
  }

  @Test
  @DisplayName("threat-model SEC-035: nothing is served without TLS")
  void serves_nothing_in_plaintext() throws Exception {
    ManagedChannel plain =
        io.grpc.Grpc.newChannelBuilderForAddress(
                "127.0.0.1",
                mesh.controller().rpcAddress().getPort(),
                InsecureChannelCredentials.create())
            .build();
    try {
      assertThatThrownBy(() -> impersonate(plain, CLIENT))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refusal ->
                  assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    } finally {
      plain.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void shows_a_certificate_with_its_names() throws Exception {
    var context = javax.net.ssl.SSLContext.getInstance("TLS");
    context.init(null, new javax.net.ssl.TrustManager[] {new Seen()}, null);
    try (Socket socket =
        context
            .getSocketFactory()
            .createSocket("127.0.0.1", mesh.controller().rpcAddress().getPort())) {
      var session = ((javax.net.ssl.SSLSocket) socket).getSession();
      assertThat(names((X509Certificate) session.getPeerCertificates()[0]))
          .contains("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "controller.test");
    }
  }

  /** Looks without judging. */
  private static final class Seen implements javax.net.ssl.X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
