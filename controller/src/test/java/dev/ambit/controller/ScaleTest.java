package dev.ambit.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.controller.source.ClusterInput;
import dev.ambit.controller.translate.Derivation;
import dev.ambit.controller.translate.MeshSettings;
import dev.ambit.controller.translate.Objects;
import dev.ambit.controller.xds.DeltaRequest;
import dev.ambit.controller.xds.DeltaSession;
import dev.ambit.controller.xds.ResourceType;
import dev.ambit.controller.xds.Subscribers;
import dev.ambit.controller.xds.VersionedResources;
import dev.ambit.controller.xds.XdsEvents;
import dev.ambit.controller.xds.wire.WireEncoder;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Pod;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Figures of a large mesh. Times are printed, not judged: the machine is shared. */
final class ScaleTest {
  private static final int PODS = 10_000;
  private static final int SERVICES = 500;
  private static final int NODES = 200;

  private static String labels(int i) {
    return """
    {app: app-%d, version: v1, pod-template-hash: 5d4f8c7b9, team: team-%d, tier: backend,
     app.kubernetes.io/part-of: shop, environment: production,
     topology.kubernetes.io/region: eu-west-1, topology.kubernetes.io/zone: eu-west-1a}\
    """
        .formatted(i % SERVICES, i % 17);
  }

  private static String pod(int i, String ip) {
    return """
    apiVersion: v1
    kind: Pod
    metadata:
      name: app-%d
      namespace: ns-%d
      labels: %s
      annotations: {ambient.istio.io/redirection: enabled}
    spec:
      nodeName: node-%d
      serviceAccountName: sa-%d
      containers: [{name: app, image: app, ports: [{name: http, containerPort: 8080}]}]
    status: {podIPs: [{ip: %s}, {ip: "fd00::%x"}]}
    """
        .formatted(i, i % 100, labels(i), i % NODES, i % SERVICES, ip, i + 1);
  }

  private static String ip(int i) {
    return "10." + (100 + i / 62_500) + "." + i / 250 % 250 + "." + (1 + i % 250);
  }

  private static void write(Path manifests) throws Exception {
    List<String> documents = new ArrayList<>();
    for (int i = 0; i < SERVICES; i++) {
      documents.add(
          Yaml.service(
              "ns-" + i % 100, "app-" + i, "10.96." + i / 250 + "." + (1 + i % 250), "app-" + i));
    }
    for (int i = 1; i < PODS; i++) {
      documents.add(pod(i, ip(i)));
    }
    Files.createDirectories(manifests);
    for (int from = 0; from < documents.size(); from += 100) {
      Files.writeString(
          manifests.resolve("m" + from + ".yaml"),
          String.join("---\n", documents.subList(from, Math.min(from + 100, documents.size()))));
    }
    Files.writeString(manifests.resolve("one.yaml"), pod(0, ip(0)));
  }

  @Test
  @DisplayName("performance B9: ten thousand pods in a heap of 128 MB")
  void ten_thousand_pods_fit_into_128_megabytes(@TempDir Path folder) throws Exception {
    write(folder.resolve("manifests"));
    Files.createDirectories(folder.resolve("facts"));
    Path log = folder.resolve("log");
    long began = System.nanoTime();
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-Xms8m",
                "-Xmx128m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                ControllerMain.class.getName(),
                "--manifests=" + folder.resolve("manifests"),
                "--facts=" + folder.resolve("facts"),
                "--state=" + folder.resolve("state"),
                "--listen=127.0.0.1:0",
                "--admin-port=0")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      int port = port(process, log);
      long up = System.nanoTime();
      try (Node node = new Node(folder.resolve("state"), port)) {
        TestStream stream =
            TestStream.open(node.channel(), "node-0").wildcard(ResourceType.ADDRESS);
        int received = 0;
        while (received < PODS + SERVICES) {
          received += stream.next().getResourcesCount();
        }
        long synced = System.nanoTime();
        Path fresh = folder.resolve("fresh");
        Files.writeString(fresh, pod(0, "10.99.0.1"));
        Files.move(fresh, folder.resolve("manifests/one.yaml"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(stream.next().getResourcesCount()).isEqualTo(1);
        long changed = System.nanoTime();
        System.out.printf(
            "10,000 pods, 128 MB heap: ready after %d ms, first client has all after %d ms,"
                + " a changed file is there after %d ms, %s%n",
            (up - began) / 1_000_000,
            (synced - up) / 1_000_000,
            (changed - synced) / 1_000_000,
            resident(process));
        stream.close();
      }
    } finally {
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(process.exitValue()).as("SIGTERM ends with 0").isZero();
  }

  private static String resident(Process process) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .findFirst()
        .orElse("");
  }

  /** Waits for the line that says where gRPC is served. */
  private static int port(Process process, Path log) throws Exception {
    long deadline = System.nanoTime() + Duration.ofMinutes(3).toNanos();
    while (process.isAlive() && System.nanoTime() < deadline) {
      for (String line : Files.readAllLines(log)) {
        if (line.contains("controller is up")) {
          return Integer.parseInt(line.replaceFirst(".*rpc=\"[^\"]*:([0-9]+)\".*", "$1"));
        }
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError("not up: " + Files.readString(log));
  }

  /** The connection of one node. */
  private record Node(ManagedChannel connection, Channel channel) implements AutoCloseable {
    Node(Path state, int port) throws Exception {
      this(connect(state, port), state);
    }

    private Node(ManagedChannel connection, Path state) throws Exception {
      this(connection, withToken(connection, state));
    }

    private static ManagedChannel connect(Path state, int port) throws Exception {
      return Grpc.newChannelBuilderForAddress(
              "127.0.0.1",
              port,
              TlsChannelCredentials.newBuilder()
                  .trustManager(state.resolve("root-cert.pem").toFile())
                  .build())
          .build();
    }

    private static Channel withToken(ManagedChannel connection, Path state) throws Exception {
      Metadata headers = new Metadata();
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
          "Bearer " + Files.readString(state.resolve("join-tokens/node-0")).strip());
      return ClientInterceptors.intercept(
          connection, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Override
    public void close() {
      connection.shutdownNow();
    }
  }

  @Test
  @DisplayName("threat-model REL-093: one change, a thousand clients")
  void a_change_reaches_a_thousand_clients() {
    List<ClusterObject> objects = new ArrayList<>();
    for (int i = 0; i < PODS; i++) {
      objects.add(Objects.pod("ns-" + i % 100, "app-" + i, ip(i), "app=app-" + i % SERVICES));
    }
    Derivation derivation = new Derivation(MeshSettings.DEFAULT);
    VersionedResources resources = new VersionedResources(new WireEncoder());
    Subscribers subscribers = new Subscribers(resources, new Silent(), Runnable::run);
    long began = System.nanoTime();
    subscribers.publish(derivation.derive(ClusterInput.of(objects, Map.of())));
    long built = System.nanoTime();
    List<AtomicInteger> clients = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      clients.add(client(subscribers, "node-" + i));
    }
    long synced = System.nanoTime();
    long derived = 0;
    long pushed = 0;
    for (int round = 1; round <= 20; round++) {
      Pod changed = Objects.pod("ns-0", "app-0", "10.99.0." + round, "app=app-0");
      objects.set(0, changed);
      ClusterInput input = ClusterInput.of(objects, Map.of());
      long start = System.nanoTime();
      var changes = derivation.derive(input);
      long middle = System.nanoTime();
      assertThat(subscribers.publish(changes)).isEqualTo(1);
      derived += middle - start;
      pushed += System.nanoTime() - middle;
    }
    System.out.printf(
        "10,000 pods: derived and serialised in %d ms; 1000 clients synced in %d ms;"
            + " one changed pod: derived in %d us, handed to 1000 clients in %d us%n",
        (built - began) / 1_000_000,
        (synced - built) / 1_000_000,
        derived / 20_000,
        pushed / 20_000);
    assertThat(clients).allSatisfy(told -> assertThat(told).hasValue(21));
  }

  /** A client that answers at once; what it holds is how often it was told something. */
  private static AtomicInteger client(Subscribers subscribers, String node) {
    AtomicInteger told = new AtomicInteger();
    DeltaSession[] session = new DeltaSession[1];
    session[0] =
        subscribers
            .open(
                new DeltaSession.Client(node, ""),
                response -> {
                  told.incrementAndGet();
                  session[0].request(request("", response.nonce()));
                })
            .orElseThrow();
    session[0].request(request("id", ""));
    return told;
  }

  private static DeltaRequest request(String id, String nonce) {
    return new DeltaRequest(
        id, "", ResourceType.ADDRESS.url(), List.of(), List.of(), Map.of(), nonce, "");
  }

  /** Counts nothing. */
  private static final class Silent implements XdsEvents {
    @Override
    public void sent(ResourceType type, int resources, int removed) {}

    @Override
    public void acknowledged(ResourceType type, Duration since) {}

    @Override
    public void rejected(ResourceType type) {}

    @Override
    public void stale(ResourceType type) {}
  }
}
