package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Services that are not the cluster's, through a whole waypoint. */
@Timeout(90)
final class OutsideTest {
  private static final Path NGINX = Path.of("/usr/sbin/nginx");

  private final LocalWaypoint waypoint = new LocalWaypoint();

  @AfterEach
  void close() {
    waypoint.close();
  }

  /** Head and body of the answer to one request. */
  private static String get(InetSocketAddress near, String path, String host) throws IOException {
    try (Socket socket = new Socket(near.getAddress(), near.getPort())) {
      socket.setSoTimeout(30_000);
      String request = "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n";
      socket
          .getOutputStream()
          .write(request.formatted(path, host).getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @Test
  @DisplayName("waypoint-selection 19: resolution NONE is L7, and goes to the address dialled")
  void passthrough() throws Exception {
    try (Backend there = Backend.saying("there")) {
      waypoint.outside("x.example.com", 1, LoadBalancing.Mode.PASSTHROUGH, there.port());
      InetSocketAddress near = waypoint.near("127.0.0.77:" + there.port());
      assertThat(get(near, "/", "any.host")).startsWith("HTTP/1.1 200").endsWith("there");
      waypoint.program(
          """
          apiVersion: security.istio.io/v1
          kind: AuthorizationPolicy
          metadata: {name: p, namespace: demo}
          spec:
            targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: outside}]
            action: DENY
            rules: [{to: [{operation: {paths: ["/closed"]}}]}]
          """);
      assertThat(get(near, "/closed", "any.host")).startsWith("HTTP/1.1 403");
      assertThat(get(near, "/", "any.host")).startsWith("HTTP/1.1 200");
      assertThat(there.requests).hasValue(2);
    }
  }

  @Test
  @DisplayName("waypoint-selection 18: a Host of the wildcard is looked up, any other is 404")
  void dynamic() throws Exception {
    waypoint
        .outside("*.example.invalid", 1, LoadBalancing.Mode.UNSPECIFIED, 80)
        .program(
            """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: outside, namespace: demo}
            spec: {hosts: ["*.example.invalid"], resolution: DYNAMIC_DNS}
            """);
    InetSocketAddress near = waypoint.near("10.96.0.1:80");
    assertThat(get(near, "/", "evil.org")).startsWith("HTTP/1.1 404");
    assertThat(get(near, "/", "example.invalid")).startsWith("HTTP/1.1 404");
    // Nobody has a name that ends so: that it was looked up is all that can be seen.
    assertThat(get(near, "/", "a.example.invalid:80")).startsWith("HTTP/1.1 503");
  }

  @Test
  @DisplayName("waypoint-selection 15: a pod that is not captured gets plain text at its port")
  void plain() throws Exception {
    try (Backend there = Backend.saying("plain")) {
      waypoint.service("echo", 1, AppProtocol.HTTP11).backend(there.port(), "echo");
      assertThat(get(waypoint.near("10.96.0.1:80"), "/", "echo")).endsWith("plain");
      assertThat(there.requests).hasValue(1);
      assertThat(waypoint.proxy.tunnelled).as("nobody's tunnel").hasValue(0);
    }
  }

  @Test
  @Tag("peers")
  @DisplayName("traffic-policy §7: MUTUAL with a Secret, at an nginx that wants a certificate")
  void mutual(@TempDir Path folder) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(NGINX), "SKIPPED: needs nginx");
    TestCa ca = TestCa.root("apps");
    int port = freePort();
    Process nginx = nginx(folder, port, ca);
    try {
      waypoint.service("echo", 1, AppProtocol.HTTP11).backend(port, "echo");
      String rule =
          """
          apiVersion: networking.istio.io/v1
          kind: DestinationRule
          metadata: {name: d, namespace: demo}
          spec:
            host: echo
            trafficPolicy: {tls: {mode: %s, credentialName: client, sni: app.demo}}
          """;
      var client = ca.workload(new SpiffeId("cluster.local", "demo", "client"));
      String secret = secret(ca.rootPem(), client.chain(), client.key());
      InetSocketAddress near = waypoint.near("10.96.0.1:80");
      waypoint.program(rule.formatted("MUTUAL"));
      assertThat(get(near, "/", "echo")).as("no secret").startsWith("HTTP/1.1 503");
      waypoint.program(rule.formatted("MUTUAL"), secret);
      assertThat(get(near, "/", "echo")).startsWith("HTTP/1.1 200").contains("SUCCESS");
      waypoint.program(rule.formatted("SIMPLE"), secret);
      assertThat(get(near, "/", "echo"))
          .as("without a certificate of the client")
          .startsWith("HTTP/1.1 400")
          .contains("No required SSL certificate was sent");
    } finally {
      nginx.destroy();
      nginx.waitFor(10, TimeUnit.SECONDS);
    }
  }

  private static Process nginx(Path folder, int port, TestCa ca) throws Exception {
    TestCa.ServerCertificate server = ca.server("app.demo");
    Files.writeString(folder.resolve("ca.pem"), ca.rootPem());
    Files.writeString(folder.resolve("cert.pem"), pem(server.chain()));
    Files.writeString(folder.resolve("key.pem"), pem(server.keys().getPrivate()));
    Path config =
        Files.writeString(
            folder.resolve("nginx.conf"),
            """
            daemon off;
            user root;
            master_process off;
            pid %1$s/pid;
            error_log %1$s/error.log;
            events {}
            http {
              access_log off;
              server {
                listen 0.0.0.0:%2$d ssl;
                ssl_certificate %1$s/cert.pem;
                ssl_certificate_key %1$s/key.pem;
                ssl_client_certificate %1$s/ca.pem;
                ssl_verify_client on;
                location / { return 200 "$ssl_client_verify"; }
              }
            }
            """
                .formatted(folder, port));
    Process nginx =
        new ProcessBuilder(NGINX.toString(), "-c", config.toString(), "-p", folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < end) {
      try {
        new Socket("127.0.0.1", port).close();
        return nginx;
      } catch (IOException _) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }
    nginx.destroy();
    throw new AssertionError("nginx does not listen: " + Files.readString(folder.resolve("log")));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String secret(String roots, List<X509Certificate> chain, PrivateKey key)
      throws Exception {
    Base64.Encoder encoder = Base64.getEncoder();
    return """
    apiVersion: v1
    kind: Secret
    metadata: {name: client, namespace: demo}
    type: kubernetes.io/tls
    data:
      ca.crt: %s
      tls.crt: %s
      tls.key: %s
    """
        .formatted(
            encoder.encodeToString(roots.getBytes(StandardCharsets.US_ASCII)),
            encoder.encodeToString(pem(chain).getBytes(StandardCharsets.US_ASCII)),
            encoder.encodeToString(pem(key).getBytes(StandardCharsets.US_ASCII)));
  }

  private static String pem(List<X509Certificate> chain) throws Exception {
    StringBuilder text = new StringBuilder();
    for (X509Certificate each : chain) {
      text.append(pem("CERTIFICATE", each.getEncoded()));
    }
    return text.toString();
  }

  private static String pem(PrivateKey key) {
    return pem("PRIVATE KEY", key.getEncoded());
  }

  private static String pem(String what, byte[] bytes) {
    return "-----BEGIN "
        + what
        + "-----\n"
        + Base64.getMimeEncoder().encodeToString(bytes)
        + "\n-----END "
        + what
        + "-----\n";
  }
}
