package dev.ambit.waypoint.upstream;

import static dev.ambit.waypoint.upstream.Mesh.cluster;
import static dev.ambit.waypoint.upstream.Mesh.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.model.http.LocalReply;
import dev.ambit.model.object.TrafficPolicy;
import dev.ambit.model.object.TrafficPolicy.H2Upgrade;
import dev.ambit.model.object.TrafficPolicy.ProxyProtocol;
import dev.ambit.model.object.TrafficPolicy.TlsMode;
import dev.ambit.waypoint.config.Cluster;
import dev.ambit.waypoint.config.Cluster.Protocol;
import dev.ambit.waypoint.http.RequestHead;
import dev.ambit.waypoint.http.RequestHead.Version;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What connections are made of: versions, TLS, PROXY headers. */
@Timeout(60)
final class TransportTest {
  private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  private static final RequestHead HEAD = head("GET", "/");

  private final Mesh mesh = new Mesh();
  private final TestCa ca = TestCa.root("apps");

  @AfterEach
  void stop() {
    mesh.close();
  }

  @ParameterizedTest
  @DisplayName("traffic-policy 11 and §4: which version is spoken to the endpoint")
  @CsvSource({
    "HTTP_1, DEFAULT, false, HTTP_2, false",
    "HTTP_1, UPGRADE, false, HTTP_1_1, true",
    "HTTP_1, UPGRADE, true, HTTP_1_1, false",
    "HTTP_1, DEFAULT, true, HTTP_2, true",
    "HTTP_2, DEFAULT, false, HTTP_1_1, true",
    "AS_CLIENT, DEFAULT, false, HTTP_1_1, false",
    "AS_CLIENT, DEFAULT, false, HTTP_2, true",
    "AS_CLIENT, UPGRADE, false, HTTP_1_1, true",
  })
  void versions(
      Protocol protocol, H2Upgrade upgrade, boolean asClient, Version client, boolean http2) {
    Cluster cluster = cluster(protocol, Policies.pooled(Policies.upgrade(upgrade, asClient)));
    assertThat(Selection.speaksHttp2(cluster, client)).isEqualTo(http2);
  }

  @Test
  @DisplayName("traffic-policy 11: h2UpgradePolicy UPGRADE is seen as HTTP/2 by the endpoint")
  void upgraded() throws Exception {
    try (Http2App app = new Http2App(mesh, new Http2Settings())) {
      Cluster cluster =
          cluster(
              Protocol.HTTP_1,
              Policies.pooled(Policies.upgrade(H2Upgrade.UPGRADE, false)),
              app.plain("a"));
      assertThat(mesh.get(cluster, HEAD).body()).isEqualTo("ok");
    }
  }

  private static Cluster secured(
      TlsMode mode, String roots, String sni, boolean skip, Cluster.Endpoint to, String... names) {
    return cluster(
        Protocol.HTTP_1, Policies.tls(Policies.clientTls(mode, roots, sni, skip, names), null), to);
  }

  /** An application that speaks TLS with a certificate for {@code names}. */
  private Script secure(BlockingQueue<String> asked, String... names) throws Exception {
    TestCa.ServerCertificate certificate = ca.server(names);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "app",
        certificate.keys().getPrivate(),
        new char[0],
        certificate.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return new Script(peer -> {
      try (SSLSocket tls =
          (SSLSocket) context.getSocketFactory().createSocket(peer.socket, peer.in, true)) {
        tls.setUseClientMode(false);
        tls.startHandshake();
        asked.add(names(tls));
        serve(tls);
      }
    });
  }

  private static String names(SSLSocket tls) {
    var session = (javax.net.ssl.ExtendedSSLSession) tls.getSession();
    return session.getRequestedServerNames().toString();
  }

  private static void serve(Socket tls) throws IOException {
    StringBuilder head = new StringBuilder();
    for (int next = tls.getInputStream().read(); next >= 0; next = tls.getInputStream().read()) {
      head.append((char) next);
      if (head.indexOf("\r\n\r\n") >= 0) {
        tls.getOutputStream().write(OK.getBytes(StandardCharsets.US_ASCII));
        head.setLength(0);
      }
    }
  }

  @Test
  @DisplayName("waypoint-selection 16, traffic-policy 12: TLS SIMPLE, plain and inside a tunnel")
  void simple() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    try (Script app = secure(asked, "app.demo", "*.example.com")) {
      for (Cluster.Endpoint to : List.of(app.plain("a"), app.captured("a"))) {
        assertThat(mesh.get(secured(TlsMode.SIMPLE, ca.rootPem(), "", false, to), HEAD).body())
            .isEqualTo("ok");
        assertThat(asked.poll(20, TimeUnit.SECONDS)).contains("app.demo");
        Cluster bySni = secured(TlsMode.SIMPLE, ca.rootPem(), "x.example.com", false, to);
        assertThat(mesh.get(bySni, HEAD).body()).isEqualTo("ok");
        assertThat(asked.poll(20, TimeUnit.SECONDS)).contains("x.example.com");
        Cluster byName =
            secured(TlsMode.SIMPLE, ca.rootPem(), "other", false, to, "nobody", "app.demo");
        assertThat(mesh.get(byName, HEAD).body()).isEqualTo("ok");
        asked.clear();
        Cluster skips = secured(TlsMode.SIMPLE, "", "whatever", true, to);
        assertThat(mesh.get(skips, HEAD).body()).isEqualTo("ok");
        asked.clear();
      }
      assertThat(mesh.tunnelled).hasPositiveValue();
    }
  }

  @Test
  @DisplayName("traffic-policy §7: a TLS failure is UF and says why")
  void refused() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    try (Script app = secure(asked, "app.demo")) {
      Cluster.Endpoint to = app.plain("a");
      assertThat(failure(secured(TlsMode.SIMPLE, ca.rootPem(), "wrong.name", false, to)))
          .hasMessageContaining("expected wrong.name");
      assertThat(failure(secured(TlsMode.SIMPLE, ca.rootPem(), "", false, to, "spiffe://x")))
          .hasMessageContaining("got [app.demo], expected spiffe://x");
      assertThat(failure(secured(TlsMode.SIMPLE, "", "", false, to)))
          .hasMessageContaining("TLS to app.demo failed");
      assertThat(failure(secured(TlsMode.SIMPLE, "/no/such/file", "", false, to)))
          .hasMessageContaining("/no/such/file");
      assertThat(failure(secured(TlsMode.MUTUAL, ca.rootPem(), "", false, to)))
          .hasMessageContaining("client certificate");
    }
    try (Script app = new Script(peer -> peer.say("HTTP/1.1 400 No\r\n\r\n"))) {
      assertThat(failure(secured(TlsMode.SIMPLE, "", "", true, app.plain("a"))))
          .hasMessageContaining("TLS to app.demo failed");
    }
  }

  private Upstreams.Unreachable failure(Cluster cluster) {
    Upstreams.Chosen chosen = mesh.chosen(cluster, HEAD);
    var failure =
        catchThrowableOfType(
            Upstreams.Unreachable.class, () -> Exchanged.open(mesh, chosen, HEAD, true));
    assertThat(failure.reply()).isEqualTo(LocalReply.CONNECT_FAILURE);
    return failure;
  }

  @Test
  @DisplayName("traffic-policy 12: ISTIO_MUTUAL adds nothing to the tunnel")
  void istio_mutual() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster cluster = secured(TlsMode.ISTIO_MUTUAL, "", "", false, app.captured("a"));
      assertThat(mesh.get(cluster, HEAD).body()).isEqualTo("ok");
    }
  }

  @Test
  void a_proxy_with_another_identity_is_refused() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster.Endpoint other =
          new Cluster.Endpoint(
              dev.ambit.model.workload.Workload.named("a")
                  .namespace("demo")
                  .serviceAccount("other")
                  .addresses(List.of(Mesh.LOOPBACK))
                  .tunnel(dev.ambit.model.workload.Workload.Tunnel.HBONE)
                  .build(),
              app.port(),
              true);
      assertThat(failure(cluster(Protocol.HTTP_1, TrafficPolicy.NONE, other)))
          .hasMessageContaining("sa/app")
          .hasMessageContaining("sa/other");
      assertThat(app.connections).hasValue(0);
    }
  }

  @ParameterizedTest
  @DisplayName("traffic-policy 13: the PROXY header comes once, first, inside the tunnel")
  @ValueSource(booleans = {false, true})
  void proxy_header(boolean tunnel) throws Exception {
    BlockingQueue<String> first = new LinkedBlockingQueue<>();
    try (Script app =
        new Script(peer -> {
          first.add(peer.until("\r\n"));
          while (!peer.request().isEmpty()) {
            peer.say(OK);
          }
        })) {
      TrafficPolicy policy =
          new TrafficPolicy(null, null, null, null, ProxyProtocol.V1, null, Map.of());
      Cluster.Endpoint to = tunnel ? app.captured("a") : app.plain("a");
      Cluster cluster = cluster(Protocol.HTTP_1, policy, to);
      for (int i = 0; i < 2; i++) {
        assertThat(mesh.get(cluster, HEAD).body()).isEqualTo("ok");
        assertThat(app.nextRequest()).startsWith("GET / HTTP/1.1\r\n");
      }
      assertThat(first).containsExactly("PROXY TCP4 10.0.0.7 10.96.0.1 4711 80\r\n");
    }
  }

  @Test
  void proxy_header_version_2() throws Exception {
    var from = new java.net.InetSocketAddress("10.0.0.7", 4711);
    var to = new java.net.InetSocketAddress("10.96.0.1", 80);
    byte[] header =
        ProxyPrologue.of(ProxyProtocol.V2, from, to).getBytes(StandardCharsets.ISO_8859_1);
    assertThat(header).startsWith(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 'Q', 'U', 'I', 'T');
    assertThat(java.util.HexFormat.of().formatHex(header, 12, header.length))
        .isEqualTo("2111000c" + "0a000007" + "0a600001" + "1267" + "0050");
  }

  @Test
  void an_endpoint_with_a_name_is_looked_up() throws Exception {
    try (Script app = Script.answering(OK)) {
      Cluster.Endpoint named =
          new Cluster.Endpoint(
              dev.ambit.model.workload.Workload.named("a").hostname("localhost").build(),
              app.port(),
              true);
      assertThat(mesh.get(cluster(Protocol.HTTP_1, TrafficPolicy.NONE, named), HEAD).body())
          .isEqualTo("ok");
      Cluster.Endpoint unknown =
          new Cluster.Endpoint(
              dev.ambit.model.workload.Workload.named("b").hostname("no.such.invalid").build(),
              app.port(),
              true);
      assertThat(failure(cluster(Protocol.HTTP_1, TrafficPolicy.NONE, unknown)))
          .hasMessageContaining("not known to DNS");
    }
  }
}
