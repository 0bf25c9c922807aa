package dev.ambit.e2e.mesh;

import dev.ambit.controller.Controller;
import dev.ambit.controller.ControllerSettings;
import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.Log;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Controller, agents and ztunnels in one process, over real namespaces, rules, certificates and
 * wires. The controller is on loopback; pods reach each other over two nodes. Everything is gone
 * when closed.
 */
public final class MeshFixture implements AutoCloseable {
  private final Path folder;
  private final TestNetwork network;
  private final Map<String, TestNode> nodes = new HashMap<>();
  private final List<TestPod> pods = new ArrayList<>();
  private final Map<String, String> controllerSettings = new HashMap<>();
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private final Runnable unfollow;
  private Controller controller;
  private int port;
  private int numbers = 1;

  private MeshFixture() throws IOException {
    folder = Files.createTempDirectory("ae2e");
    for (String sub : List.of("manifests", "facts", "state")) {
      Files.createDirectories(folder.resolve(sub));
    }
    network = new TestNetwork();
    unfollow = Log.follow(logged::add);
    for (String name : TestNetwork.NODES) {
      nodes.put(name, new TestNode(name, folder));
      // A pod of the node makes the controller write its join token.
      apply(
          "anchor-" + name,
          podManifest("ambit-anchors", name, name, "/run/netns/none", List.of("192.0.2.1")));
    }
  }

  /** Skips the tests, loudly, where namespaces cannot be made. */
  public static void assumeRoot() {
    Assumptions.assumeTrue(
        Files.isWritable(Path.of("/proc/sys/net/ipv4/ip_forward"))
            && Files.isExecutable(Path.of("/usr/sbin/nft")),
        "SKIPPED: needs root, iproute2 and nftables to make network namespaces");
  }

  /** Everything runs. */
  public static MeshFixture start() throws Exception {
    MeshFixture mesh = network();
    mesh.startAll();
    return mesh;
  }

  /** Gives the controller its root, before its first start. */
  public void given(String rootPem, String keyPem) throws IOException {
    Path ca = Files.createDirectories(folder.resolve("state/ca"));
    Files.writeString(ca.resolve("root-cert.pem"), rootPem);
    Path key = Files.writeString(ca.resolve("root-key.pem"), keyPem);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
  }

  public void startAll() throws IOException {
    startController();
    startNodes();
    awaitReady();
  }

  public void startNodes() throws IOException {
    for (TestNode node : nodes.values()) {
      node.startAgent();
      node.startZtunnel();
    }
  }

  public void awaitReady() {
    for (TestNode node : nodes.values()) {
      Until.holds(
          node.name() + " ready",
          () -> node.ztunnel().readiness().text(),
          () -> node.ztunnel().readiness().ready());
    }
  }

  /** Nodes and folders only; nothing runs. */
  public static MeshFixture network() throws IOException {
    assumeRoot();
    return new MeshFixture();
  }

  public void startController() {
    controllerSettings.put("AMBIT_MANIFESTS", folder.resolve("manifests").toString());
    controllerSettings.put("AMBIT_FACTS", folder.resolve("facts").toString());
    controllerSettings.put("AMBIT_STATE", folder.resolve("state").toString());
    controllerSettings.put("AMBIT_LISTEN", "127.0.0.1:" + port);
    controllerSettings.put("AMBIT_ADMIN_PORT", "0");
    controllerSettings.put("AMBIT_ADMIN_SOCKET", folder.resolve("ctl").toString());
    Settings read = new Settings(controllerSettings);
    ControllerSettings settings = ControllerSettings.from(read);
    read.finish();
    controller = Controller.start(settings);
    port = controller.rpcAddress().getPort();
    nodes.values().forEach(node -> node.controllerAt(port));
  }

  /** Changes a setting of the controller from its next start on. */
  public MeshFixture with(String setting, String value) {
    controllerSettings.put(setting, value);
    return this;
  }

  /** A page of the controller. */
  public String controllerPage(String path) throws IOException {
    return new String(
        AdminClient.get(folder.resolve("ctl"), path, Duration.ofSeconds(5)),
        StandardCharsets.UTF_8);
  }

  public void stopController() {
    controller.close();
    controller = null;
  }

  /** Where the controller serves gRPC on the loopback interface. */
  public int controllerPort() {
    return port;
  }

  public Path folder() {
    return folder;
  }

  public TestNode node(String name) {
    return nodes.get(name);
  }

  public TestNode nodeOf(TestPod pod) {
    return nodes.get(pod.node());
  }

  TestNetwork wires() {
    return network;
  }

  /** The namespace of a node, for commands in it. */
  public Shell.Result inNode(String node, String... command) throws IOException {
    return Shell.in(network.namespace(node), command);
  }

  /** A pod with its own addresses and service account, on {@code node-a} or {@code node-b}. */
  public TestPod pod(String namespace, String name, String node) throws Exception {
    return pod(namespace, name, node, numbers++, Map.of());
  }

  public TestPod pod(String namespace, String name, String node, Map<String, String> annotations)
      throws Exception {
    return pod(namespace, name, node, numbers++, annotations);
  }

  /** A pod that is plugged into one node, and said to be on another. */
  public TestPod pod(String namespace, String name, String saidNode, String node) throws Exception {
    TestPod pod = new TestPod(namespace, name, node, numbers++, network);
    pods.add(pod);
    apply(
        "pod-" + namespace + "-" + name,
        podManifest(namespace, name, saidNode, "/run/netns/none", List.of(pod.ipv4(), pod.ipv6())));
    return pod;
  }

  /** A pod whose addresses a test chooses by their number. */
  public TestPod pod(
      String namespace, String name, String node, int number, Map<String, String> annotations)
      throws Exception {
    TestPod pod = new TestPod(namespace, name, node, number, network);
    pods.add(pod);
    apply(
        "pod-" + namespace + "-" + name,
        podManifest(
            namespace,
            name,
            node,
            pod.file().toString(),
            List.of(pod.ipv4(), pod.ipv6()),
            annotations));
    return pod;
  }

  /** Takes a pod out of the manifests. */
  public void forget(TestPod pod) throws IOException {
    pods.remove(pod);
    delete("pod-" + pod.namespace() + "-" + pod.name());
  }

  /** Labels a namespace, and waits until its pods are captured and both nodes know. */
  public void enrols(String namespace) {
    mode(namespace, "ambient");
    awaitCaptured(namespace);
  }

  /** Takes the label away, and waits until nobody uses tunnels to its pods any more. */
  public void releases(String namespace) {
    mode(namespace, "none");
    for (TestPod pod : pods) {
      if (pod.namespace().equals(namespace)) {
        Until.holds(
            pod.fullName() + " released",
            () -> facts().toString(),
            () ->
                !facts().containsKey(pod.fullName())
                    && pod.run("nft", "list", "ruleset").output().isEmpty());
        awaitProtocol(pod, "TCP");
      }
    }
  }

  public void mode(String namespace, String mode) {
    apply(
        "namespace-" + namespace,
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: %s
          labels:
            istio.io/dataplane-mode: %s
        """
            .formatted(namespace, mode));
  }

  public void awaitCaptured(String namespace) {
    for (TestPod pod : pods) {
      if (pod.namespace().equals(namespace)) {
        awaitCaptured(pod);
      }
    }
  }

  public void awaitCaptured(TestPod pod) {
    Until.holds(
        pod.fullName() + " captured",
        () -> facts() + " " + nodeOf(pod).agent().pods(),
        () -> facts().get(pod.fullName()) == EnrolmentFacts.State.ENABLED);
    awaitProtocol(pod, "HBONE");
  }

  /** Waits until every running ztunnel would reach {@code pod} by {@code protocol}. */
  public void awaitProtocol(TestPod pod, String protocol) {
    for (TestNode node : nodes.values()) {
      if (node.ztunnel() != null) {
        Until.holds(
            pod.fullName() + " is " + protocol + " on " + node.name(),
            () -> node.protocolOf(pod).equals(protocol));
      }
    }
  }

  /** Waits until every running ztunnel has a policy. */
  public void awaitPolicy(String namespace, String name) {
    for (TestNode node : nodes.values()) {
      Until.holds("policy " + name + " on " + node.name(), () -> node.hasPolicy(namespace, name));
    }
  }

  public void awaitNoPolicy(String namespace, String name) {
    for (TestNode node : nodes.values()) {
      Until.holds("no " + name + " on " + node.name(), () -> !node.hasPolicy(namespace, name));
    }
  }

  /** Writes a manifest, in one step. */
  public void apply(String name, String yaml) {
    try {
      Path temporary = Files.writeString(folder.resolve("next.yaml"), yaml);
      Files.move(
          temporary,
          folder.resolve("manifests").resolve(name + ".yaml"),
          StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  public void delete(String name) throws IOException {
    Files.deleteIfExists(folder.resolve("manifests").resolve(name + ".yaml"));
  }

  /** What the agents say about their pods. */
  public Map<String, EnrolmentFacts.State> facts() {
    AtomicReference<Map<String, EnrolmentFacts.State>> facts = new AtomicReference<>(Map.of());
    EnrolmentFacts.open(folder.resolve("facts"), facts::set).close();
    return facts.get();
  }

  /**
   * Log lines since the last call of {@link #forgetLog}; also those of other tests' connections.
   */
  public List<String> logged(String... parts) {
    return logged.stream().filter(line -> Stream.of(parts).allMatch(line::contains)).toList();
  }

  public void forgetLog() {
    logged.clear();
  }

  private static String podManifest(
      String namespace, String name, String node, String file, List<String> ips) {
    return podManifest(namespace, name, node, file, ips, Map.of());
  }

  private static String podManifest(
      String namespace,
      String name,
      String node,
      String file,
      List<String> ips,
      Map<String, String> annotations) {
    StringBuilder text =
        new StringBuilder(
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: %2$s
              namespace: %1$s
              labels:
                app: %2$s
                group: %5$s
              annotations:
                ambit.dev/netns: %4$s
            """
                .formatted(namespace, name, node, file, name.split("-")[0]));
    annotations.forEach((key, value) ->
        text.append("    ").append(key).append(": \"").append(value).append("\"\n"));
    text.append(
        """
        spec:
          nodeName: %s
          serviceAccountName: %s
        status:
          podIPs:
        """
            .formatted(node, name));
    ips.forEach(ip -> text.append("  - ip: \"").append(ip).append("\"\n"));
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    unfollow.run();
    for (TestPod pod : pods) {
      pod.close();
    }
    nodes.values().forEach(TestNode::close);
    if (controller != null) {
      controller.close();
    }
    network.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
