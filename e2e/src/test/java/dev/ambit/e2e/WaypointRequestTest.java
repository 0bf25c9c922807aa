package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.ambit.controller.Controller;
import dev.ambit.controller.ControllerSettings;
import dev.ambit.daemon.Settings;
import dev.ambit.e2e.mesh.TunnelClient;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.model.identity.SpiffeId;
import dev.ambit.waypoint.Waypoint;
import dev.ambit.waypoint.WaypointSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of the user, the controller, a waypoint and requests through it, in one process. */
final class WaypointRequestTest {
  private static final SpiffeId CLIENT = new SpiffeId("cluster.local", "demo", "client");
  private static final SpiffeId WAYPOINT = new SpiffeId("cluster.local", "demo", "wp");
  private static final String CLUSTER =
      """
      apiVersion: v1
      kind: Namespace
      metadata: {name: demo, labels: {istio.io/use-waypoint: wp}}
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: wp, namespace: demo}
      spec:
        gatewayClassName: CLASS
        listeners: [{name: mesh, port: 15008, protocol: HBONE}]
      status:
        addresses: [{type: Hostname, value: wp.demo.svc.cluster.local}]
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: wp-1
        namespace: demo
        labels: {gateway.networking.k8s.io/gateway-name: wp, gateway.istio.io/managed: ambit.dev-waypoint}
      spec: {nodeName: n, serviceAccountName: wp}
      status: {podIPs: [{ip: 127.0.0.9}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: client, namespace: demo}
      spec: {nodeName: n, serviceAccountName: client}
      status: {podIPs: [{ip: 127.0.0.3}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: echo-1, namespace: demo, labels: {app: echo}}
      spec: {nodeName: n}
      status: {podIPs: [{ip: 127.0.0.2}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: echo, namespace: demo}
      spec:
        clusterIP: 10.96.0.1
        selector: {app: echo}
        ports: [{name: http, port: 80, targetPort: TARGET}]
      """;

  @TempDir private Path folder;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private int control;

  @BeforeEach
  void start() throws Exception {
    HttpServer backend = HttpServer.create(new InetSocketAddress("127.0.0.2", 0), 0);
    backend.createContext(
        "/",
        exchange -> {
          byte[] answer =
              ("hello from " + exchange.getRequestURI()).getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    backend.start();
    parts.push(() -> backend.stop(0));
    write(
        "cluster.yaml",
        CLUSTER
            .replace("CLASS", "somebody-elses")
            .replace("TARGET", Integer.toString(backend.getAddress().getPort())));
    Files.createDirectories(folder.resolve("facts"));
    Settings read =
        new Settings(
            Map.of(
                "AMBIT_MANIFESTS", folder.resolve("manifests").toString(),
                "AMBIT_FACTS", folder.resolve("facts").toString(),
                "AMBIT_STATE", folder.resolve("state").toString(),
                "AMBIT_LISTEN", "127.0.0.1:0",
                "AMBIT_ADMIN_PORT", "0"));
    ControllerSettings settings = ControllerSettings.from(read);
    read.finish();
    Controller controller = Controller.start(settings);
    parts.push(controller);
    control = controller.rpcAddress().getPort();
  }

  @AfterEach
  void stop() throws Exception {
    while (!parts.isEmpty()) {
      parts.pop().close();
    }
  }

  private void write(String file, String text) throws IOException {
    Path manifests = Files.createDirectories(folder.resolve("manifests"));
    Path draft = folder.resolve(file + ".draft");
    Files.writeString(draft, text);
    Files.move(draft, manifests.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  private Waypoint waypoint() {
    Map<String, String> environment = new HashMap<>();
    environment.put("XDS_ADDRESS", "https://localhost:" + control);
    environment.put("CA_ADDRESS", "https://localhost:" + control);
    environment.put("XDS_ROOT_CA", folder.resolve("state/root-cert.pem").toString());
    environment.put("CA_ROOT_CA", folder.resolve("state/root-cert.pem").toString());
    environment.put(
        "AMBIT_JOIN_TOKEN", folder.resolve("state/join-tokens/pods/demo.wp-1").toString());
    environment.put("GATEWAY_NAME", "wp");
    environment.put("POD_NAME", "wp-1");
    environment.put("POD_NAMESPACE", "demo");
    environment.put("SERVICE_ACCOUNT", "wp");
    environment.put("INSTANCE_IPS", "127.0.0.9");
    environment.put("NODE_NAME", "n");
    for (String port : new String[] {"TUNNEL", "ADMIN", "STATS", "PROXY_STATS", "READINESS"}) {
      environment.put("AMBIT_" + port + "_PORT", "0");
    }
    Settings read = new Settings(environment);
    WaypointSettings settings = WaypointSettings.from(read, environment);
    read.finish();
    Waypoint waypoint = Waypoint.start(settings);
    parts.push(waypoint);
    Until.holds(
        "the waypoint is ready", waypoint.readiness()::text, () -> waypoint.readiness().ready());
    return waypoint;
  }

  private InetSocketAddress client(Waypoint waypoint) throws Exception {
    var control =
        new TunnelClient.ControlPlane(
            "https://localhost:" + this.control,
            folder.resolve("state/root-cert.pem"),
            folder.resolve("state/join-tokens/n"));
    var tunnel =
        new TunnelClient.Tunnel(
            new InetSocketAddress("127.0.0.1", waypoint.tunnelAddress().orElseThrow().getPort()),
            WAYPOINT,
            "10.96.0.1:80");
    TunnelClient client = TunnelClient.start(control, CLIENT, tunnel);
    parts.push(client);
    return client.address();
  }

  private static HttpResponse<String> get(InetSocketAddress at, String path) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at.getPort() + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void aRequestIsRoutedRefusedAndAnsweredByWhatTheFilesSay() throws Exception {
    Waypoint waypoint = waypoint();
    InetSocketAddress near = client(waypoint);
    HttpResponse<String> plain = get(near, "/a?b=c");
    assertThat(plain.body()).isEqualTo("hello from /a?b=c");
    assertThat(plain.statusCode()).isEqualTo(200);

    write(
        "route.yaml",
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: r, namespace: demo}
        spec:
          parentRefs: [{group: "", kind: Service, name: echo, port: 80}]
          rules:
          - matches: [{path: {type: PathPrefix, value: /old}}]
            filters:
            - type: RequestRedirect
              requestRedirect: {hostname: example.org, statusCode: 301}
          - backendRefs: [{name: echo, port: 80}]
        """);
    Until.holds("the route", () -> get(near, "/old").statusCode() == 301);
    assertThat(get(near, "/new").statusCode()).isEqualTo(200);

    write(
        "policy.yaml",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: demo}
        spec:
          targetRefs: [{group: "", kind: Service, name: echo}]
          action: DENY
          rules: [{to: [{operation: {paths: [/secret]}}]}]
        """);
    Until.holds("the policy", () -> get(near, "/secret").statusCode() == 403);
    assertThat(get(near, "/new").statusCode()).isEqualTo(200);

    String dump = page(waypoint.adminAddress(), "/config_dump");
    assertThat(dump).contains("HTTPRoute").contains("\"protocol\" : \"HTTP\"");
    assertThat(page(waypoint.adminAddress(), "/clusters")).contains("inbound-vip|80|http|");
    assertThat(page(waypoint.adminAddress(), "/tunnels")).contains("inbound");
    assertThat(page(waypoint.statsAddress(), "/metrics")).contains("istio_requests_total");
  }

  private static String page(InetSocketAddress at, String path) throws Exception {
    return get(new InetSocketAddress("127.0.0.1", at.getPort()), path).body();
  }
}
