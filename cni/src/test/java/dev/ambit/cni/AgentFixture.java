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
import org.junit.jupiter.api.io.TempDir;

/**
 * An agent over real namespaces: a pod and a peer joined by a link, and a ztunnel that opens plain
 * listeners on 15001 and 15006 in each pod it is given.
 */
abstract class AgentFixture {
  static final Duration DEADLINE = Duration.ofSeconds(10);
  static final String LOOSE = "net.netfilter.nf_conntrack_tcp_loose";

  @TempDir Path folder;
  TestNamespace pod;
  TestNamespace peer;
  CniAgent agent;
  FakeZtunnel ztunnel;
  final Map<String, ServerSocket> listeners = new ConcurrentHashMap<>();

  /** Whether ztunnel answers captured connections itself, and lets open ones finish. */
  volatile boolean answering;

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

  void exchange() throws IOException {
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
  static final class Answering implements AutoCloseable {
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

    void answer(Socket socket) {
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

  void start(String... more) throws IOException {
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

  void startZtunnel() throws IOException {
    ztunnel = new FakeZtunnel(folder.resolve("zds.sock"), this::proxy);
  }

  /** Opens or closes the listeners of a pod. */
  String proxy(WorkloadRequest request, Netns network) {
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

  void namespace(String mode) throws IOException {
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

  void write(String name, String text) throws IOException {
    Path temporary = folder.resolve(name);
    Files.writeString(temporary, text);
    Files.move(
        temporary,
        folder.resolve("manifests").resolve(name),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  Map<String, EnrolmentFacts.State> facts() {
    AtomicReference<Map<String, EnrolmentFacts.State>> facts = new AtomicReference<>(Map.of());
    EnrolmentFacts.open(folder.resolve("facts"), facts::set).close();
    return facts.get();
  }

  String page(String path) throws IOException {
    byte[] body = AdminClient.get(folder.resolve("admin.sock"), path, DEADLINE);
    if (!path.equals("/metrics")) {
      Json.read(body);
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  void awaitState(PodStatus.State state) throws Exception {
    until(
        "pod " + state, () -> agent.pods().size() == 1 && agent.pods().getFirst().state() == state);
  }

  void awaitClean() throws Exception {
    until("clean", () -> pod.in("nft", "list", "ruleset").isEmpty());
    assertClean();
  }

  void assertClean() throws Exception {
    assertThat(pod.in("nft", "list", "ruleset")).isEmpty();
    assertThat(pod.in("ip", "rule")).doesNotContain("0x111");
    assertThat(pod.in("sysctl", "-n", LOOSE)).isEqualTo("1");
  }

  void until(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "in vain: " + what + "; pods: " + (agent == null ? "" : agent.pods()));
      }
      Thread.onSpinWait();
    }
  }

  static void says(Socket from, Socket to, int what) throws IOException {
    to.setSoTimeout(5000);
    from.getOutputStream().write(what);
    assertThat(to.getInputStream().read()).isEqualTo(what);
  }

  static ServerSocket listen(TestNamespace where, int port) throws Exception {
    try (Netns netns = where.open()) {
      return netns.onOwnThread(() -> new ServerSocket(port));
    }
  }

  static Socket connect(TestNamespace where, String ip, int port) throws Exception {
    try (Netns netns = where.open()) {
      return netns.onOwnThread(() -> {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(ip), port), 5000);
        return socket;
      });
    }
  }
}
