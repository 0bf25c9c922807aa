package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.identity.TestCa;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import dev.ambit.waypoint.auth.token.Issuer;
import dev.ambit.waypoint.auth.wire.Checks;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers and issuers as services of the mesh, in it and behind plain sockets, and outside. */
@Timeout(60)
final class ProvidersTest {
  private final LocalWaypoint waypoint = new LocalWaypoint();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final InetSocketAddress near;
  private final Backend echo = opened(Backend.saying("hello"));

  ProvidersTest() {
    waypoint.service("echo", 1, AppProtocol.HTTP11).backend(echo.port(), "echo");
    near = waypoint.near("10.96.0.1:80");
  }

  private <C extends AutoCloseable> C opened(C closeable) {
    open.add(closeable);
    return closeable;
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    for (AutoCloseable each : open) {
      each.close();
    }
    waypoint.close();
  }

  /** Where somebody who listens at a port of loopback is. */
  enum Where {
    /** A service of the mesh with a captured pod. */
    IN_MESH,
    /** A service of the mesh whose endpoint is not captured. */
    PLAIN,
    OUTSIDE
  }

  /** Host and port by which {@code where} is known. */
  private String address(Where where, int port) {
    return switch (where) {
      case IN_MESH -> {
        waypoint.service("ext", 7, AppProtocol.HTTP11).captured(port, "ext");
        yield "ext.demo.svc.cluster.local:80";
      }
      case PLAIN -> {
        waypoint.service("ext", 7, AppProtocol.HTTP11).backend(port, "ext");
        yield "ext.demo.svc.cluster.local:80";
      }
      case OUTSIDE -> "localhost:" + port;
    };
  }

  private int get(String... headers) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + near.getPort() + "/");
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString()).statusCode();
  }

  private static String mesh(String kind, String address, String more) {
    int colon = address.lastIndexOf(':');
    return """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: istio, namespace: istio-system}
    data:
      mesh: |
        extensionProviders:
        - name: ext
          %s: {service: %s, port: %s, timeout: 500ms%s}
    """
        .formatted(kind, address.substring(0, colon), address.substring(colon + 1), more);
  }

  private static final String CUSTOM =
      """
      apiVersion: security.istio.io/v1
      kind: AuthorizationPolicy
      metadata: {name: ask, namespace: demo}
      spec:
        targetRefs: [{group: "", kind: Service, name: echo}]
        action: CUSTOM
        provider: {name: ext}
        rules: [{}]
      """;

  private void ask(String kind, String address, String more) {
    waypoint.program(mesh(kind, address, more), CUSTOM);
  }

  private int grpc(UnaryOperator<NettyServerBuilder> how, byte[] framed) throws IOException {
    byte[] message = Arrays.copyOfRange(framed, 5, framed.length);
    MethodDescriptor<byte[], byte[]> check =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("envoy.service.auth.v3.Authorization/Check")
            .build();
    Server server =
        how.apply(NettyServerBuilder.forAddress(new InetSocketAddress("0.0.0.0", 0)))
            .addService(
                ServerServiceDefinition.builder("envoy.service.auth.v3.Authorization")
                    .addMethod(
                        check,
                        ServerCalls.asyncUnaryCall((asked, answer) -> {
                          answer.onNext(message);
                          answer.onCompleted();
                        }))
                    .build())
            .build()
            .start();
    open.add(server::shutdownNow);
    return server.getPort();
  }

  private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"IN_MESH", "PLAIN", "OUTSIDE"})
  @DisplayName("l7-authorization §2: an HTTP provider is asked over the mesh, or past it")
  void http_provider(Where where) throws Exception {
    Backend provider =
        opened(
            Backend.http((head, in, out) ->
                Backend.respond(out, head.contains("x-user: ann") ? 200 : 401, "no")));
    ask(
        "envoyExtAuthzHttp",
        address(where, provider.port()),
        ", includeRequestHeadersInCheck: [x-user]");
    assertThat(get("x-user", "ann")).isEqualTo(200);
    assertThat(get("x-user", "bob")).isEqualTo(401);
    assertThat(waypoint.proxy.tunnelled.get() > 0).isEqualTo(where == Where.IN_MESH);
  }

  @ParameterizedTest
  @CsvSource({"IN_MESH", "PLAIN", "OUTSIDE"})
  @DisplayName("l7-authorization §2: a gRPC provider is asked over the mesh, or past it")
  void grpc_provider(Where where) throws Exception {
    ask("envoyExtAuthzGrpc", address(where, grpc(server -> server, Checks.denied(418, "no"))), "");
    assertThat(get()).isEqualTo(418);
    assertThat(echo.requests).hasValue(0);
  }

  @Test
  @DisplayName("traffic-policy 12: TLS to a provider outside, as a DestinationRule says")
  void provider_with_tls(@TempDir Path folder) throws Exception {
    TestCa ca = TestCa.root("apps");
    Path roots = Files.writeString(folder.resolve("ca.pem"), ca.rootPem());
    TestCa.ServerCertificate certificate = ca.server("127.0.0.1");
    SslContext secure =
        GrpcSslContexts.configure(
                SslContextBuilder.forServer(certificate.keys().getPrivate(), certificate.chain()))
            .build();
    int port = grpc(server -> server.sslContext(secure), Checks.ok());
    String rule =
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: ext, namespace: demo}
        spec:
          host: 127.0.0.1
          trafficPolicy: {tls: {mode: SIMPLE, caCertificates: %s}}
        """
            .formatted(roots);
    waypoint.program(mesh("envoyExtAuthzGrpc", "127.0.0.1:" + port, ""), CUSTOM);
    assertThat(get()).as("in plain text to a port that speaks TLS").isEqualTo(403);
    waypoint.program(mesh("envoyExtAuthzGrpc", "127.0.0.1:" + port, ""), CUSTOM, rule);
    assertThat(get()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "down, IN_MESH, false, 403",
    "down, OUTSIDE, false, 403",
    "down, OUTSIDE, true, 200",
    "slow, IN_MESH, false, 403",
    "slow, OUTSIDE, false, 403",
    "slow, IN_MESH, true, 200",
    "garbage, IN_MESH, false, 403",
    "garbage, OUTSIDE, false, 403",
    "garbage, OUTSIDE, true, 200",
    "unknown, IN_MESH, false, 403",
  })
  @DisplayName("l7-authorization 16: a provider that is of no use refuses, unless it fails open")
  void of_no_use(String how, Where where, boolean failOpen, int status) throws Exception {
    Backend provider =
        opened(
            Backend.http((head, in, out) -> {
              if (how.equals("garbage")) {
                out.write("SSH-2.0-x\r\n\r\n".getBytes("US-ASCII"));
              } else {
                in.read();
              }
            }));
    String address =
        how.equals("unknown")
            ? "nobody.demo.svc.cluster.local:80"
            : address(where, provider.port());
    if (how.equals("down")) {
      provider.close();
    }
    for (String kind : List.of("envoyExtAuthzHttp", "envoyExtAuthzGrpc")) {
      ask(kind, address, ", failOpen: " + failOpen);
      assertThat(get()).as(kind).isEqualTo(status);
      assertThat(waypoint.tale.next()).startsWith(failOpen ? "200 - " : "403 UAEX ");
    }
  }

  /** What somebody hears who connects to a service of bytes that CUSTOM guards. */
  private String hello(String kind, String address, boolean failOpen) throws IOException {
    Backend greeter = opened(Backend.greeting("welcome"));
    waypoint.service("smtp", 3, AppProtocol.TCP).backend(greeter.port(), "smtp");
    waypoint.program(
        mesh(kind, address, ", failOpen: " + failOpen), CUSTOM.replace("name: echo", "name: smtp"));
    try (Socket socket = new Socket("127.0.0.1", waypoint.near("10.96.0.3:80").getPort())) {
      socket.setSoTimeout(30_000);
      byte[] heard = socket.getInputStream().readNBytes(7);
      return new String(heard, StandardCharsets.US_ASCII);
    } catch (SocketException reset) {
      return "";
    }
  }

  @ParameterizedTest
  @CsvSource({"IN_MESH", "PLAIN", "OUTSIDE"})
  @DisplayName("l7-authorization §2: a gRPC provider decides on connections")
  void connections(Where where) throws Exception {
    String ok = address(where, grpc(server -> server, Checks.ok()));
    assertThat(hello("envoyExtAuthzGrpc", ok, false)).isEqualTo("welcome");
    String denied = "localhost:" + grpc(server -> server, Checks.denied(403, "no"));
    assertThat(hello("envoyExtAuthzGrpc", denied, true)).isEmpty();
    assertThat(waypoint.tale.next()).startsWith("- ");
    assertThat(waypoint.tale.next()).isEqualTo("UAEX 0 0 ext_authz_denied");
  }

  @Test
  @DisplayName("l7-authorization §4: a provider over HTTP, or none, lets no connection pass")
  void connections_that_nobody_can_be_asked_about() throws Exception {
    Backend provider = opened(Backend.saying("ok"));
    String address = address(Where.IN_MESH, provider.port());
    assertThat(hello("envoyExtAuthzHttp", address, true)).isEmpty();
    assertThat(provider.requests).hasValue(0);
    provider.close();
    assertThat(hello("envoyExtAuthzGrpc", address, false)).isEmpty();
    assertThat(hello("envoyExtAuthzGrpc", address, true)).isEqualTo("welcome");
  }

  private static String authentication(String jwksUri) {
    return """
    apiVersion: security.istio.io/v1
    kind: RequestAuthentication
    metadata: {name: jwt, namespace: demo}
    spec:
      targetRefs: [{group: "", kind: Service, name: echo}]
      jwtRules: [{issuer: me, jwksUri: "%s", timeout: 1s}]
    """
        .formatted(jwksUri);
  }

  private static String token(Issuer issuer) {
    return "Bearer "
        + issuer.token(
            "ES256", "{\"iss\":\"me\",\"exp\":" + (Instant.now().getEpochSecond() + 3600) + "}");
  }

  /** Asks until the answer is {@code status}: keys come in the background. */
  private void awaitStatus(int status, String authorization) throws Exception {
    int got = get("authorization", authorization);
    while (got != status) {
      got = get("authorization", authorization);
    }
  }

  @ParameterizedTest
  @CsvSource({"IN_MESH", "PLAIN", "OUTSIDE"})
  @DisplayName("l7-authorization §6: keys are fetched over the mesh, or past it")
  void keys(Where where) throws Exception {
    Issuer issuer = new Issuer("secp256r1", "k");
    Issuer other = new Issuer("secp256r1", "k");
    Backend provider = opened(Backend.saying(Issuer.set(issuer)));
    waypoint.program(authentication("http://" + address(where, provider.port()) + "/keys?v=1"));
    awaitStatus(200, token(issuer));
    assertThat(get("authorization", token(other))).isEqualTo(401);
    assertThat(waypoint.proxy.tunnelled.get() > 0).isEqualTo(where == Where.IN_MESH);
  }

  @Test
  @DisplayName("SEC-078: an issuer outside does not send the waypoint to services of the mesh")
  void keys_that_somebody_outside_says_are_inside() throws Exception {
    Backend inside = opened(Backend.saying(Issuer.set(new Issuer("secp256r1", "k"))));
    String document = "{\"jwks_uri\": \"http://" + address(Where.IN_MESH, inside.port()) + "/k\"}";
    Backend outside = opened(Backend.saying(document));
    waypoint.program(
        authentication("")
            .replace(
                "issuer: me, jwksUri: \"\"",
                "issuer: \"http://localhost:" + outside.port() + "\""));
    while (outside.requests.get() < 3) {
      assertThat(get()).isEqualTo(200);
    }
    assertThat(inside.requests).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"down", "slow", "garbage", "error", "huge"})
  @DisplayName("SEC-077: an issuer of the mesh that is of no use: tokens are refused until it is")
  void keys_of_no_use(String how) throws Exception {
    Issuer issuer = new Issuer("secp256r1", "k");
    AtomicBoolean good = new AtomicBoolean();
    Backend provider =
        opened(
            Backend.http((head, in, out) -> {
              if (good.get()) {
                Backend.respond(out, 200, Issuer.set(issuer));
              } else {
                switch (how) {
                  case "slow" -> in.read();
                  case "garbage" -> Backend.respond(out, 200, "{\"keys\": [{\"kty\": ");
                  case "error" -> Backend.respond(out, 500, Issuer.set(issuer));
                  default -> Backend.respond(out, 200, "x".repeat(1_100_000));
                }
              }
            }));
    int port = provider.port();
    if (how.equals("down")) {
      provider.close();
    }
    waypoint.program(authentication("http://" + address(Where.IN_MESH, port) + "/keys"));
    for (int i = 0; i < 3; i++) {
      assertThat(get("authorization", token(issuer))).isEqualTo(401);
    }
    assertThat(get()).as("without a token").isEqualTo(200);
    if (!how.equals("down")) {
      good.set(true);
      awaitStatus(200, token(issuer));
    }
  }
}
