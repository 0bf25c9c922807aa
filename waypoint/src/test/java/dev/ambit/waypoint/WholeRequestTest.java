package dev.ambit.waypoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests through a whole waypoint: tunnel, front, exchange, upstream, over real sockets. */
@Timeout(60)
final class WholeRequestTest {
  private final LocalWaypoint waypoint = new LocalWaypoint();
  private final List<Backend> backends = new ArrayList<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    client.close();
    backends.forEach(Backend::close);
    waypoint.close();
  }

  private Backend backend(Backend backend, String... services) {
    backends.add(backend);
    waypoint.backend(backend.port(), services);
    return backend;
  }

  private InetSocketAddress echo(AppProtocol protocol) {
    waypoint.service("echo", 1, protocol);
    return waypoint.near("10.96.0.1:80");
  }

  private static HttpRequest.Builder request(InetSocketAddress near, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + near.getPort() + path))
        .timeout(Duration.ofSeconds(20));
  }

  private HttpResponse<String> get(InetSocketAddress near, String path) throws Exception {
    return client.send(request(near, path).build(), BodyHandlers.ofString());
  }

  private static String route(String rules) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: r, namespace: demo}
    spec:
      parentRefs: [{group: "", kind: Service, name: echo}]
      rules:
    """
        + rules.indent(2);
  }

  @Test
  void a_request_passes() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(Backend.saying("hello"), "echo");
    HttpResponse<String> response = get(near, "/");
    assertThat(response.body()).isEqualTo("hello");
    assertThat(response.headers().firstValue("server")).contains("istio-envoy");
    assertThat(waypoint.tale.next()).isEqualTo("200 - via_upstream");
  }

  @Test
  void a_large_body_passes_unchanged_both_ways() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(Backend.http(WholeRequestTest::sayBack), "echo");
    byte[] body = new byte[20_000_000];
    new Random(1).nextBytes(body);
    for (HttpClient each : List.of(client, HttpClient.newHttpClient())) {
      HttpResponse<byte[]> response =
          each.send(
              request(near, "/").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
              BodyHandlers.ofByteArray());
      assertThat(Arrays.equals(response.body(), body)).isTrue();
    }
  }

  @Test
  void many_requests_at_once_keep_apart() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    for (int i = 0; i < 3; i++) {
      backend(Backend.http(WholeRequestTest::sayBack), "echo");
    }
    List<Future<Integer>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 30; i++) {
        int seed = i;
        all.add(threads.submit(() -> sayMany(near, seed)));
      }
    }
    for (Future<Integer> each : all) {
      assertThat(each.get()).isEqualTo(40);
    }
  }

  private static void sayBack(String head, InputStream in, OutputStream out) throws IOException {
    byte[] body = Backend.body(head, in);
    out.write(
        ("HTTP/1.1 200 x\r\ncontent-length: " + body.length + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.write(body);
  }

  /** How many of 40 bodies came back as they went. */
  private int sayMany(InetSocketAddress near, int seed) throws Exception {
    Random random = new Random(seed);
    int same = 0;
    for (int i = 0; i < 40; i++) {
      byte[] body = new byte[random.nextInt(200_000)];
      random.nextBytes(body);
      HttpResponse<byte[]> response =
          client.send(
              request(near, "/").POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
              BodyHandlers.ofByteArray());
      same += Arrays.equals(response.body(), body) ? 1 : 0;
    }
    return same;
  }

  @Test
  @DisplayName("gamma 27: routes change under an open connection")
  void routes_change_under_an_open_connection() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    waypoint.service("echo-v1", 2, AppProtocol.HTTP11);
    waypoint.service("echo-v2", 3, AppProtocol.HTTP11);
    backend(Backend.saying("v1"), "echo-v1", "echo");
    backend(Backend.saying("v2"), "echo-v2");
    try (Socket socket = new Socket("127.0.0.1", near.getPort())) {
      socket.setSoTimeout(10_000);
      assertThat(exchange(socket)).endsWith("v1");
      waypoint.program(route("- backendRefs: [{name: echo-v2, port: 80}]"));
      assertThat(exchange(socket)).endsWith("v2");
      waypoint.program();
      assertThat(exchange(socket)).endsWith("v1");
    }
  }

  /** One request on {@code socket} and its answer of two bytes. */
  private static String exchange(Socket socket) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write("GET / HTTP/1.1\r\nhost: echo\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    String head = Backend.head(socket.getInputStream());
    return head + new String(socket.getInputStream().readNBytes(2), StandardCharsets.US_ASCII);
  }

  @Test
  void weights_are_kept() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    waypoint.service("echo-v1", 2, AppProtocol.HTTP11);
    waypoint.service("echo-v2", 3, AppProtocol.HTTP11);
    backend(Backend.saying("v1"), "echo-v1");
    backend(Backend.saying("v2"), "echo-v2");
    waypoint.program(
        route(
            """
            - backendRefs:
              - {name: echo-v1, port: 80, weight: 90}
              - {name: echo-v2, port: 80, weight: 10}
            """));
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < 1000; i++) {
      counts.merge(get(near, "/").body(), 1, Integer::sum);
    }
    // Four standard deviations of a binomial with n 1000 and p 0.1.
    assertThat(counts.get("v2")).isBetween(62, 138);
  }

  @Test
  void an_endpoint_that_is_down_costs_nobody_an_answer() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(Backend.saying("up"), "echo");
    Backend down = backend(Backend.saying("down"), "echo");
    down.close();
    for (int i = 0; i < 50; i++) {
      assertThat(get(near, "/").body()).isEqualTo("up");
    }
  }

  @Test
  @DisplayName("http-routing 17: 500, 500, 200 is 200 after three tries, with the body each time")
  void tried_again() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    List<String> bodies = new CopyOnWriteArrayList<>();
    Backend backend =
        backend(
            Backend.http((head, in, out) -> {
              bodies.add(new String(Backend.body(head, in), StandardCharsets.US_ASCII));
              Backend.respond(out, bodies.size() < 3 ? 500 : 200, "done");
            }),
            "echo");
    waypoint.program(
        route("- backendRefs: [{name: echo, port: 80}]\n  retry: {codes: [500], attempts: 3}"));
    HttpResponse<String> response =
        client.send(
            request(near, "/").POST(HttpRequest.BodyPublishers.ofString("again")).build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(bodies).containsExactly("again", "again", "again");
    assertThat(backend.requests).hasValue(3);
  }

  @Test
  @DisplayName("http-routing 16: a backend that sleeps is 504 after the limit")
  void too_slow() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(Backend.http((head, in, out) -> in.read()), "echo");
    waypoint.program(
        route("- backendRefs: [{name: echo, port: 80}]\n  timeouts: {request: 200ms}"));
    assertThat(get(near, "/").statusCode()).isEqualTo(504);
    assertThat(waypoint.tale.next()).isEqualTo("504 UT response_timeout");
  }

  @Test
  void a_backend_that_hangs_up() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(
        Backend.http((head, in, out) -> {
          throw new IOException("hangs up");
        }),
        "echo");
    HttpResponse<String> response = get(near, "/");
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body()).contains("connection termination");
    assertThat(waypoint.tale.next())
        .isEqualTo("503 UC upstream_reset_before_response_started{connection_termination}");
  }

  @Test
  void a_backend_that_hangs_up_in_the_middle() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(
        Backend.http((head, in, out) -> {
          out.write("HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nhalf".getBytes("US-ASCII"));
          out.flush();
          throw new IOException("hangs up");
        }),
        "echo");
    assertThatThrownBy(() -> get(near, "/")).isInstanceOf(IOException.class);
    assertThat(waypoint.tale.next())
        .isEqualTo("200 UC upstream_reset_after_response_started{connection_termination}");
  }

  @Test
  void nonsense_of_a_backend() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(
        Backend.http((head, in, out) -> out.write("SSH-2.0-x\r\n".getBytes("US-ASCII"))), "echo");
    assertThat(get(near, "/").statusCode()).isEqualTo(502);
    assertThat(waypoint.tale.next()).startsWith("502 UPE ");
  }

  @Test
  void an_early_answer_to_a_large_body() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(
        Backend.http((head, in, out) -> {
          Backend.respond(out, 413, "too much", "connection: close");
          in.transferTo(OutputStream.nullOutputStream());
        }),
        "echo");
    HttpResponse<String> response =
        client.send(
            request(near, "/")
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[3_000_000]))
                .build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(response.body()).isEqualTo("too much");
  }

  @Test
  void a_mirror_gets_a_copy_and_delays_nobody() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    waypoint.service("echo-v2", 3, AppProtocol.HTTP11);
    backend(Backend.saying("main"), "echo");
    Backend copy = backend(Backend.http((head, in, out) -> in.read()), "echo-v2");
    waypoint.program(
        route(
            """
            - filters: [{type: RequestMirror, requestMirror: \
            {backendRef: {name: echo-v2, port: 80}}}]
              backendRefs: [{name: echo, port: 80}]
            """));
    for (int i = 0; i < 20; i++) {
      assertThat(get(near, "/").body()).isEqualTo("main");
    }
    assertThat(copy.requests.get()).isBetween(10, 20);
  }

  @Test
  void a_session_keeps_to_an_endpoint_while_it_is_there() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    Backend one = backend(Backend.saying("one"), "echo");
    Backend two = backend(Backend.saying("two"), "echo");
    waypoint.program(
        route("- sessionPersistence: {sessionName: s}\n  backendRefs: [{name: echo, port: 80}]"));
    HttpResponse<String> first = get(near, "/");
    String cookie = first.headers().firstValue("set-cookie").orElseThrow().split(";", -1)[0];
    HttpRequest again = request(near, "/").header("cookie", cookie).build();
    for (int i = 0; i < 30; i++) {
      assertThat(client.send(again, BodyHandlers.ofString()).body()).isEqualTo(first.body());
    }
    boolean wasOne = first.body().equals("one");
    (wasOne ? one : two).hangUp();
    HttpResponse<String> elsewhere = client.send(again, BodyHandlers.ofString());
    while (elsewhere.statusCode() == 503) {
      // It went out on a connection that was just being closed.
      elsewhere = client.send(again, BodyHandlers.ofString());
    }
    assertThat(elsewhere.body()).isEqualTo(wasOne ? "two" : "one");
    assertThat(elsewhere.headers().firstValue("set-cookie")).isPresent();
  }

  @Test
  void a_websocket_passes() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    backend(Backend.http(WebSockets::echo), "echo");
    assertThat(WebSockets.talk(client, near, "hello")).isEqualTo("hello");
    assertThat(waypoint.tale.next()).isEqualTo("101 - via_upstream");
  }

  @Test
  void a_server_that_speaks_first() throws Exception {
    InetSocketAddress near = echo(AppProtocol.TCP);
    backend(Backend.greeting("220 hello\n"), "echo");
    try (Socket socket = new Socket("127.0.0.1", near.getPort())) {
      socket.setSoTimeout(10_000);
      assertThat(socket.getInputStream().readNBytes(10)).asString().isEqualTo("220 hello\n");
      socket.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().readNBytes(4)).asString().isEqualTo("ping");
      socket.shutdownOutput();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(waypoint.tale.next()).isEqualTo("- 4 14 ");
  }

  @Test
  void a_denied_request_never_reaches_the_backend() throws Exception {
    InetSocketAddress near = echo(AppProtocol.HTTP11);
    Backend backend = backend(Backend.saying("hello"), "echo");
    waypoint.program(
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: demo}
        spec:
          targetRefs: [{group: "", kind: Service, name: echo}]
          action: DENY
          rules: [{to: [{operation: {paths: [/admin*]}}]}]
        """);
    assertThat(get(near, "/").statusCode()).isEqualTo(200);
    assertThat(get(near, "/x/../admin").statusCode()).isEqualTo(403);
    assertThat(backend.requests).hasValue(1);
  }
}
