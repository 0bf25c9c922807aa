package dev.ambit.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cni.enrol.TestNamespace;
import dev.ambit.cni.pods.PodStatus;
import dev.ambit.cni.zds.FakeZtunnel;
import dev.ambit.daemon.AdminClient;
import dev.ambit.daemon.Json;
import dev.ambit.daemon.Settings;
import dev.ambit.daemon.kernel.Netns;
import dev.ambit.daemon.manifest.EnrolmentFacts;
import dev.ambit.proto.zds.WorkloadRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole agent over real namespaces; ztunnel is a client that opens plain listeners on 15001 and
 * 15006 in each pod it is given.
 */
@Tag("kernel")
class CniAgentTest {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final String LOOSE = "net.netfilter.nf_conntrack_tcp_loose";

  @TempDir Path folder;
  private TestNamespace pod;
  private TestNamespace peer;
  private CniAgent agent;
  private FakeZtunnel ztunnel;
  private final Map<String, ServerSocket> listeners = new ConcurrentHashMap<>();

  /** Whether ztunnel answers captured connections itself, and lets open ones finish. */
  private volatile boolean answering;

  @BeforeEach
  void build() throws Exception {
    TestNamespace.assumeRoot();
    pod = TestNamespace.create();
    peer = TestNamespace.create();
    pod.link(peer, "10.9.0.1/24", "10.9.0.2/24");
    Files.createDirectories(folder.resolve("manifests"));
    namespace("none");
    write(
        "pod.yaml",
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          namespace: shop
          uid: u1
          annotations:
            ambit.dev/netns: %s
        spec:
          nodeName: node-a
        status:
          podIPs:
          - ip: 10.9.0.1
        """
            .formatted(pod.file()));
  }

  @AfterEach
  void tearDown() throws Exception {
    if (agent != null) {
      agent.close();
    }
    if (ztunnel != null) {
      ztunnel.close();
    }
    for (ServerSocket listener : listeners.values()) {
      listener.close();
    }
    if (pod != null) {
      pod.close();
      peer.close();
    }
  }

  @Test
  @DisplayName(
      "enrolment 1: a label captures a running pod within a second, and its removal releases it")
  void a_label_captures_and_its_removal_releases() throws Exception {
    start();
    startZtunnel();
    awaitState(PodStatus.State.NONE);
    try (ServerSocket server = listen(peer, 7000);
        Socket open = connect(pod, "10.9.0.2", 7000);
        Socket openPeer = server.accept()) {
      long since = System.nanoTime();
      namespace("ambient");
      until("captured", () -> facts().equals(Map.of("shop/web", EnrolmentFacts.State.ENABLED)));
      Duration took = Duration.ofNanos(System.nanoTime() - since);
      System.getLogger("test")
          .log(System.Logger.Level.INFO, "label to fact: " + took.toMillis() + " ms");
      assertThat(took).isLessThan(Duration.ofSeconds(1));

      says(open, openPeer, 1);
      says(openPeer, open, 2);
      try (Socket next = connect(pod, "10.9.0.2", 7000);
          Socket taken = listeners.get("u1:15001").accept()) {
        says(next, taken, 3);
      }
      try (Socket next = connect(peer, "10.9.0.1", 8080);
          Socket taken = listeners.get("u1:15006").accept()) {
        says(next, taken, 4);
      }
      assertThat(page("/unprotected"))
          .contains("\"pod\" : \"shop/web\"", "\"remote\" : \"10.9.0.2:7000\"");
      assertThat(page("/pods")).contains("\"state\" : \"enabled\"", "\"node\" : \"node-a\"");
      assertThat(page("/metrics")).contains("ambit_cni_unproxied_connections");

      namespace("none");
      until("released", () -> facts().isEmpty());
      awaitClean();
      says(open, openPeer, 5);
      try (Socket next = connect(pod, "10.9.0.2", 7000);
          Socket direct = server.accept()) {
        says(next, direct, 6);
      }
    }
  }

  @Test
  void a_connection_that_is_listed_as_unprotected_leaves_the_list_when_it_ends() throws Exception {
    start();
    startZtunnel();
    try (ServerSocket server = listen(peer, 7000)) {
      try (Socket open = connect(pod, "10.9.0.2", 7000);
          Socket openPeer = server.accept()) {
        namespace("ambient");
        until("listed", () -> page("/unprotected").contains("10.9.0.2:7000"));
        says(open, openPeer, 1);
      }
      until("gone", () -> !page("/unprotected").contains("10.9.0.2:7000"));
    }
  }

  @Test
  void no_connection_is_refused_while_a_busy_pod_is_captured_and_released() throws Exception {
    answering = true;
    start();
    startZtunnel();
    try (ServerSocket server = listen(peer, 7000);
        Answering direct = new Answering(server)) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      AtomicReference<Boolean> stop = new AtomicReference<>(false);
      int[] made = {0};
      Thread client =
          Thread.ofPlatform()
              .start(() -> {
                try (Netns inside = pod.open()) {
                  inside.onOwnThread(() -> {
                    while (!stop.get()) {
                      exchange();
                      made[0]++;
                    }
                    return true;
                  });
                } catch (Throwable e) {
                  failure.set(e);
                }
              });
      for (int i = 0; i < 3; i++) {
        namespace("ambient");
        until("captured", () -> facts().containsKey("shop/web"));
        namespace("none");
        until("released", () -> facts().isEmpty());
        awaitClean();
      }
      stop.set(true);
      client.join(DEADLINE);
      assertThat(failure.get()).isNull();
      assertThat(made[0]).isGreaterThan(100);
      assertThat(direct.answered()).isPositive();
    }
  }

  @Test
  @DisplayName(
      "cni-socket 20: an agent that is replaced leaves rules, counters and connections alone")
  void a_replaced_agent_finds_everything_in_place() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    try (Socket captured = connect(pod, "10.9.0.2", 7000);
        Socket taken = listeners.get("u1:15001").accept()) {
      says(captured, taken, 1);
      String rules = pod.in("nft", "list", "table", "inet", "istio-ambient-nat");
      agent.close();
      ztunnel.close();
      assertThat(facts()).containsKey("shop/web");

      start();
      awaitState(PodStatus.State.ENABLED);
      startZtunnel();
      until("told again", () -> agent.pods().getFirst().reason().startsWith("its namespace"));

      assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.ENABLED);
      assertThat(pod.in("nft", "list", "table", "inet", "istio-ambient-nat")).isEqualTo(rules);
      says(captured, taken, 2);
      says(taken, captured, 3);
    }
  }

  @Test
  void a_stopping_agent_releases_or_keeps() throws Exception {
    namespace("ambient");
    start("AMBIT_ON_STOP", "keep");
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    agent.stop();
    assertThat(facts()).containsKey("shop/web");
    assertThat(pod.in("nft", "list", "ruleset")).contains("15001");
    ztunnel.close();

    start();
    startZtunnel();
    until("told again", () -> agent.pods().getFirst().reason().startsWith("its namespace"));
    agent.stop();

    assertThat(facts()).isEmpty();
    assertClean();
  }

  @Test
  void a_namespace_that_is_deleted_and_made_again_is_captured_again() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);
    assertThat(ztunnel.next()).isEqualTo("snapshot sent");
    assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");

    pod.close();
    assertThat(ztunnel.next()).isEqualTo("del u1");
    until(
        "taken back",
        () -> facts().isEmpty() || !facts().containsValue(EnrolmentFacts.State.ENABLED));
    pod.remake();

    assertThat(ztunnel.next()).isEqualTo("add u1 with a namespace");
    awaitState(PodStatus.State.ENABLED);
    assertThat(pod.in("nft", "list", "ruleset")).contains("15001");
  }

  @Test
  void a_pod_whose_manifest_goes_is_released_at_once() throws Exception {
    namespace("ambient");
    start();
    startZtunnel();
    awaitState(PodStatus.State.ENABLED);

    Files.delete(folder.resolve("manifests/pod.yaml"));

    until("gone", () -> agent.pods().isEmpty());
    assertThat(facts()).isEmpty();
    assertClean();
  }

  @Test
  @DisplayName("cni-socket 16: a running pod without ztunnel is pending and open, then captured")
  void without_ztunnel_a_running_pod_goes_on() throws Exception {
    namespace("ambient");
    try (ServerSocket app = listen(pod, 8080)) {
      start();
      awaitState(PodStatus.State.PENDING);
      assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.PENDING);
      try (Socket client = connect(peer, "10.9.0.1", 8080);
          Socket accepted = app.accept()) {
        says(client, accepted, 1);
        startZtunnel();
        awaitState(PodStatus.State.ENABLED);
        says(client, accepted, 2);
      }
    }
  }

  @Test
  @DisplayName("cni-socket 16: a new pod without ztunnel is closed until it comes")
  void without_ztunnel_a_new_pod_waits() throws Exception {
    namespace("ambient");
    start();
    awaitState(PodStatus.State.PENDING);
    assertThat(pod.in("nft", "list", "ruleset")).contains("redirect to :15001");

    startZtunnel();

    awaitState(PodStatus.State.ENABLED);
    assertThat(facts()).containsEntry("shop/web", EnrolmentFacts.State.ENABLED);
  }

  private void exchange() throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral("10.9.0.2"), 7000), 5000);
      socket.setSoTimeout(5000);
      socket.getOutputStream().write(7);
      if (socket.getInputStream().read() != 7) {
        throw new IOException("the connection ended early");
      }
    }
  }

  /** Answers each connection's first byte with itself. */
  private static final class Answering implements AutoCloseable {
    private final ServerSocket server;
    private volatile int answered;

    Answering(ServerSocket server) {
      this.server = server;
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> answer(socket));
              }
            } catch (IOException e) {
              // Closed.
            }
          });
    }

    private void answer(Socket socket) {
      try (socket) {
        int first = socket.getInputStream().read();
        if (first >= 0) {
          socket.getOutputStream().write(first);
          answered++;
        }
      } catch (IOException e) {
        // The client tells.
      }
    }

    int answered() {
      return answered;
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private void start(String... more) throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("NODE_NAME", "node-a");
    environment.put("AMBIT_MANIFESTS", folder.resolve("manifests").toString());
    environment.put("AMBIT_FACTS", folder.resolve("facts").toString());
    environment.put("ZTUNNEL_UDS_ADDRESS", folder.resolve("zds.sock").toString());
    environment.put("AMBIT_ADMIN_SOCKET", folder.resolve("admin.sock").toString());
    environment.put("AMBIT_SETTLE", "50ms");
    environment.put("AMBIT_DRAIN", "2s");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    Settings read = new Settings(environment);
    CniSettings settings = CniSettings.from(read);
    read.finish();
    agent = CniAgent.start(settings);
  }

  private void startZtunnel() throws IOException {
    ztunnel = new FakeZtunnel(folder.resolve("zds.sock"), this::proxy);
  }

  /** Opens or closes the listeners of a pod. */
  private String proxy(WorkloadRequest request, Netns network) {
    try {
      if (request.hasAdd()) {
        for (int port : new int[] {15001, 15006}) {
          String key = request.getAdd().getUid() + ":" + port;
          if (!listeners.containsKey(key)) {
            ServerSocket listener = network.onOwnThread(() -> new ServerSocket(port));
            listeners.put(key, listener);
            if (answering) {
              new Answering(listener);
            }
          }
        }
      } else if (request.hasDel() && !answering) {
        for (int port : new int[] {15001, 15006}) {
          ServerSocket listener = listeners.remove(request.getDel().getUid() + ":" + port);
          if (listener != null) {
            listener.close();
          }
        }
      }
      return "";
    } catch (Exception e) {
      return e.toString();
    }
  }

  private void namespace(String mode) throws IOException {
    write(
        "namespace.yaml",
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: shop
          labels:
            istio.io/dataplane-mode: %s
        """
            .formatted(mode));
  }

  private void write(String name, String text) throws IOException {
    Path temporary = folder.resolve(name);
    Files.writeString(temporary, text);
    Files.move(
        temporary,
        folder.resolve("manifests").resolve(name),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  private Map<String, EnrolmentFacts.State> facts() {
    AtomicReference<Map<String, EnrolmentFacts.State>> facts = new AtomicReference<>(Map.of());
    EnrolmentFacts.open(folder.resolve("facts"), facts::set).close();
    return facts.get();
  }

  private String page(String path) throws IOException {
    byte[] body = AdminClient.get(folder.resolve("admin.sock"), path, DEADLINE);
    if (!path.equals("/metrics")) {
      Json.read(body);
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  private void awaitState(PodStatus.State state) throws Exception {
    until(
        "pod " + state, () -> agent.pods().size() == 1 && agent.pods().getFirst().state() == state);
  }

  private void awaitClean() throws Exception {
    until("clean", () -> pod.in("nft", "list", "ruleset").isEmpty());
    assertClean();
  }

  private void assertClean() throws Exception {
    assertThat(pod.in("nft", "list", "ruleset")).isEmpty();
    assertThat(pod.in("ip", "rule")).doesNotContain("0x111");
    assertThat(pod.in("sysctl", "-n", LOOSE)).isEqualTo("1");
  }

  private void until(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "in vain: " + what + "; pods: " + (agent == null ? "" : agent.pods()));
      }
      Thread.onSpinWait();
    }
  }

  private static void says(Socket from, Socket to, int what) throws IOException {
    to.setSoTimeout(5000);
    from.getOutputStream().write(what);
    assertThat(to.getInputStream().read()).isEqualTo(what);
  }

  private static ServerSocket listen(TestNamespace where, int port) throws Exception {
    try (Netns netns = where.open()) {
      return netns.onOwnThread(() -> new ServerSocket(port));
    }
  }

  private static Socket connect(TestNamespace where, String ip, int port) throws Exception {
    try (Netns netns = where.open()) {
      return netns.onOwnThread(() -> {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(ip), port), 5000);
        return socket;
      });
    }
  }
}
