package dev.ambit.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ambit.controller.Controller;
import dev.ambit.controller.ControllerSettings;
import dev.ambit.daemon.Settings;
import dev.ambit.e2e.Repository;
import dev.ambit.e2e.mesh.TunnelClient;
import dev.ambit.e2e.mesh.Until;
import dev.ambit.model.identity.SpiffeId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * The waypoint's image in a container without any right: {@code ./dev docker-test} builds it,
 * starts an engine and runs this in the engine's network namespace. The controller, the client and
 * the backend are outside of the container.
 */
@Tag("docker")
final class WaypointImageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
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
      status: {podIPs: [{ip: OUTSIDE}]}
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
  private final StringBuffer said = new StringBuffer();
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch answer = new CountDownLatch(1);
  private final DockerClient docker = DockerClientFactory.lazyClient();

  private final Network network = Network.newNetwork();

  /** This side of the containers' bridge. */
  private String outside;

  private Controller controller;
  private GenericContainer<?> container;

  @BeforeEach
  void start() throws Exception {
    Path image = Repository.root().resolve("deploy/target/ambit-waypoint.tar");
    assertThat(image).as("./dev image waypoint").exists();
    try (InputStream archive = Files.newInputStream(image)) {
      docker.loadImageCmd(archive).exec();
    }
    parts.push(network);
    outside =
        docker
            .inspectNetworkCmd()
            .withNetworkId(network.getId())
            .exec()
            .getIpam()
            .getConfig()
            .stream()
            .findFirst()
            .orElseThrow()
            .getGateway();
    int backend = backend();
    controller = controller(backend);
    container = container();
    try {
      container.start();
    } catch (ContainerLaunchException failed) {
      throw new AssertionError("the container said:\n" + said, failed);
    }
  }

  private int backend() throws IOException {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    parts.push(threads::shutdownNow);
    HttpServer server = HttpServer.create(new InetSocketAddress(outside, 0), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> say(exchange, "hello from " + exchange.getRequestURI()));
    server.createContext(
        "/slow",
        exchange -> {
          asked.countDown();
          try {
            answer.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
          } catch (InterruptedException ended) {
            throw new IOException(ended);
          }
          say(exchange, "late");
        });
    server.start();
    parts.push(() -> server.stop(0));
    return server.getAddress().getPort();
  }

  private static void say(HttpExchange exchange, String text) throws IOException {
    byte[] answer = text.getBytes(StandardCharsets.US_ASCII);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private Controller controller(int backend) throws IOException {
    Path manifests = Files.createDirectories(folder.resolve("manifests"));
    Files.writeString(
        manifests.resolve("cluster.yaml"),
        CLUSTER.replace("OUTSIDE", outside).replace("TARGET", Integer.toString(backend)));
    Settings read =
        new Settings(
            Map.of(
                "AMBIT_MANIFESTS",
                manifests.toString(),
                "AMBIT_FACTS",
                Files.createDirectories(folder.resolve("facts")).toString(),
                "AMBIT_STATE",
                folder.resolve("state").toString(),
                "AMBIT_LISTEN",
                outside + ":0",
                "AMBIT_SERVER_NAMES",
                "control," + outside,
                "AMBIT_ADMIN_PORT",
                "0"));
    ControllerSettings settings = ControllerSettings.from(read);
    read.finish();
    Controller started = Controller.start(settings);
    parts.push(started);
    return started;
  }

  private GenericContainer<?> container() throws IOException {
    // The container's user is not root: what it is given must be readable to others.
    Path given = Files.createDirectories(folder.resolve("given"));
    Path token = folder.resolve("state/join-tokens/pods/demo.wp-1");
    Until.holds("the token", () -> Files.exists(token));
    for (Path file : List.of(token, folder.resolve("state/root-cert.pem"))) {
      Path copy = Files.copy(file, given.resolve(file.getFileName().toString()));
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
    }
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    String control = "https://control:" + controller.rpcAddress().getPort();
    GenericContainer<?> made =
        new GenericContainer<>("ambit/waypoint:0.1.0")
            .withLogConsumer(frame -> said.append(frame.getUtf8String()))
            .withImagePullPolicy(_ -> false)
            .withNetwork(network)
            .withExtraHost("control", outside)
            .withExposedPorts(15_008, 15_020, 15_021)
            .withEnv("XDS_ADDRESS", control)
            .withEnv("CA_ADDRESS", control)
            .withEnv("XDS_ROOT_CA", "/given/root-cert.pem")
            .withEnv("CA_ROOT_CA", "/given/root-cert.pem")
            .withEnv("AMBIT_JOIN_TOKEN", "/given/demo.wp-1")
            .withEnv("GATEWAY_NAME", "wp")
            .withEnv("POD_NAME", "wp-1")
            .withEnv("POD_NAMESPACE", "demo")
            .withEnv("SERVICE_ACCOUNT", "wp")
            .withEnv("NODE_NAME", "n")
            .withEnv("TERMINATION_GRACE_PERIOD_SECONDS", "60")
            .withCreateContainerCmdModifier(create ->
                create
                    .getHostConfig()
                    .withMounts(List.of(mount(given)))
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges"))
                    .withMemory(256L << 20))
            .waitingFor(Wait.forHttp("/healthz/ready").forPort(15_021))
            .withStartupTimeout(PATIENCE);
    parts.push(made);
    return made;
  }

  /** As the library's own binds, but without its asking another image whether that works. */
  private static Mount mount(Path folder) {
    return new Mount()
        .withType(MountType.BIND)
        .withSource(folder.toString())
        .withTarget("/given")
        .withReadOnly(true);
  }

  @AfterEach
  void stop() throws Exception {
    while (!parts.isEmpty()) {
      parts.pop().close();
    }
  }

  private InetSocketAddress client() {
    var control =
        new TunnelClient.ControlPlane(
            "https://" + outside + ":" + controller.rpcAddress().getPort(),
            folder.resolve("state/root-cert.pem"),
            folder.resolve("state/join-tokens/n"));
    var tunnel =
        new TunnelClient.Tunnel(
            new InetSocketAddress(container.getHost(), container.getMappedPort(15_008)),
            WAYPOINT,
            "10.96.0.1:80");
    TunnelClient client = TunnelClient.start(control, CLIENT, tunnel);
    parts.push(client);
    return client.address();
  }

  private static HttpRequest get(InetSocketAddress at, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + at.getPort() + path))
        .timeout(PATIENCE)
        .build();
  }

  @Test
  void a_container_becomes_ready_carries_requests_and_ends_after_the_last() throws Exception {
    assertThat(container.getCurrentContainerInfo().getConfig().getUser()).isEqualTo("65532:65532");
    InetSocketAddress near = client();
    var text = HttpResponse.BodyHandlers.ofString();
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> first = http.send(get(near, "/a?b=c"), text);
      assertThat(first.body()).isEqualTo("hello from /a?b=c");
      assertThat(first.statusCode()).isEqualTo(200);
      var stats = new InetSocketAddress(container.getHost(), container.getMappedPort(15_020));
      assertThat(http.send(get(stats, "/metrics"), text).body()).contains("istio_requests_total");

      CompletableFuture<HttpResponse<String>> late = http.sendAsync(get(near, "/slow"), text);
      assertThat(asked.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      docker.killContainerCmd(container.getContainerId()).withSignal("TERM").exec();
      Until.holds(
          "it heard", container::getLogs, () -> container.getLogs().contains("shutting down"));
      assertThat(late).isNotDone();
      assertThat(container.isRunning()).isTrue();
      answer.countDown();
      assertThat(late.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).body()).isEqualTo("late");
    }
    Until.holds("it ended", container::getLogs, () -> !container.isRunning());
    assertThat(container.getCurrentContainerInfo().getState().getExitCodeLong())
        .as(container.getLogs())
        .isZero();
    assertThat(container.getLogs()).contains("waypoint ended");
  }
}
