package dev.ambit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.Controller;
import dev.ambit.controller.ControllerSettings;
import dev.ambit.daemon.Metrics;
import dev.ambit.daemon.Readiness;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.Tasks;
import dev.ambit.dataplane.controlplane.ClientCredentials;
import dev.ambit.dataplane.controlplane.ControlPlaneSettings;
import dev.ambit.dataplane.controlplane.wire.ControlPlaneChannel;
import dev.ambit.dataplane.xds.DeltaStream;
import dev.ambit.dataplane.xds.MeshStore;
import dev.ambit.dataplane.xds.NodeInfo;
import dev.ambit.dataplane.xds.wire.GrpcControlPlane;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.model.http.RouteAction;
import dev.ambit.model.http.RouteEntry;
import dev.ambit.model.jwt.JwtAuthentication;
import dev.ambit.model.object.RequestAuthentication;
import dev.ambit.model.route.Authority;
import dev.ambit.waypoint.config.Destination;
import dev.ambit.waypoint.config.ObjectFollower;
import dev.ambit.waypoint.config.Place;
import dev.ambit.waypoint.config.Snapshot;
import dev.ambit.waypoint.config.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of the user, the controller, the wire, and what the waypoint then goes by. */
final class WaypointProgrammingTest {
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
        gatewayClassName: somebody-elses
        listeners: [{name: mesh, port: 15008, protocol: HBONE}]
      status:
        addresses: [{type: Hostname, value: wp.demo.svc.cluster.local}]
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: wp-1
        namespace: demo
        labels: {gateway.networking.k8s.io/gateway-name: wp}
      spec: {nodeName: n}
      status: {podIPs: [{ip: 10.244.0.9}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: echo-1, namespace: demo, labels: {app: echo}}
      spec: {nodeName: n}
      status: {podIPs: [{ip: 10.244.0.1}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: echo, namespace: demo}
      spec:
        clusterIP: 10.96.0.1
        selector: {app: echo}
        ports: [{name: http, port: 80, targetPort: 8080}]
      """;
  private static final Authority ECHO = Authority.parse("10.96.0.1:80").orElseThrow();

  @TempDir private Path folder;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private int port;

  private static final JwtAuthentication.Tokens NO_TOKENS =
      new JwtAuthentication.Tokens() {
        @Override
        public JwtAuthentication.@Nullable Parsed parse(String token) {
          return null;
        }

        @Override
        public JwtAuthentication.Signature verify(
            RequestAuthentication.JwtRule rule, String token) {
          return JwtAuthentication.Signature.NO_KEYS;
        }
      };

  @BeforeEach
  void start() throws Exception {
    write("cluster.yaml", CLUSTER);
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
    port = controller.rpcAddress().getPort();
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

  /** A waypoint that is nothing but its configuration. */
  private Snapshots waypoint(String nodeId, Readiness.Gate synced) {
    Settings read =
        new Settings(
            Map.of(
                "XDS_ADDRESS", "https://localhost:" + port,
                "XDS_ROOT_CA", folder.resolve("state/root-cert.pem").toString(),
                "AUTH_TOKEN", folder.resolve("state/join-tokens/n").toString()));
    ControlPlaneSettings settings = ControlPlaneSettings.from(read, Map.of(), "XDS");
    ControlPlaneChannel channel = new ControlPlaneChannel(settings, ClientCredentials.NONE);
    parts.push(channel);
    Snapshots snapshots = new Snapshots(Place.of("demo", "wp"), NO_TOKENS);
    ObjectFollower follower = new ObjectFollower(snapshots);
    DeltaStream stream =
        new DeltaStream(
            new GrpcControlPlane(channel, new NodeInfo(nodeId, Map.of("NODE_NAME", "n"))),
            new MeshStore(List.of(follower)),
            new Metrics(),
            synced,
            Thread::sleep);
    stream.follow(ObjectFollower.TYPE, follower);
    Tasks tasks = new Tasks("test");
    parts.push(tasks);
    tasks.keep("xds", Duration.ofSeconds(1), stream::run);
    return snapshots;
  }

  private static String route(int status) {
    return """
    apiVersion: gateway.networking.k8s.io/v1
    kind: HTTPRoute
    metadata: {name: r, namespace: demo}
    spec:
      parentRefs: [{group: "", kind: Service, name: echo}]
      rules:
      - filters:
        - type: RequestRedirect
          requestRedirect: {hostname: example.org, statusCode: %d}
    """
        .formatted(status);
  }

  /** Status of the redirect of the first rule; 0 when the service itself is meant. */
  private static int status(Snapshot snapshot) {
    RouteEntry first = snapshot.destination(ECHO).orElseThrow().routes().entries().getFirst();
    return first.action() instanceof RouteAction.Redirect redirect ? redirect.to().status() : 0;
  }

  @Test
  @DisplayName("a change of a route is in force at the waypoint within milliseconds")
  void live() throws Exception {
    Readiness readiness = new Readiness();
    Snapshots waypoint =
        waypoint("waypoint~10.244.0.9~wp-1.demo~demo.svc.cluster.local", readiness.gate("xds"));
    Until.holds("the waypoint is programmed", readiness::ready);
    Destination plain = waypoint.current().destination(ECHO).orElseThrow();
    assertThat(plain.protocol()).isEqualTo(Destination.Protocol.HTTP);
    assertThat(status(waypoint.current())).isZero();
    List<Duration> took = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int status = i % 2 == 0 ? 301 : 302;
      write("route.yaml", route(status));
      took.add(Until.holds("the route", () -> status(waypoint.current()) == status));
    }
    took.sort(null);
    assertThat(took.get(10)).as("median of %s", took).isLessThan(Duration.ofMillis(500));
    Files.delete(folder.resolve("manifests/route.yaml"));
    Until.holds("no route", () -> status(waypoint.current()) == 0);
  }

  @Test
  @DisplayName("a client that is no waypoint's pod is sent no objects")
  void strangers_are_refused() throws Exception {
    Readiness readiness = new Readiness();
    waypoint("waypoint~10.244.0.1~echo-1.demo~demo.svc.cluster.local", readiness.gate("xds"));
    Readiness own = new Readiness();
    waypoint("waypoint~10.244.0.9~wp-1.demo~demo.svc.cluster.local", own.gate("xds"));
    Until.holds("the waypoint is programmed", own::ready);
    assertThat(readiness.ready()).isFalse();
  }
}
