package dev.ambit.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Ambit between the two enrolled pods: a controller, and per node a node agent and a ztunnel, each
 * a process of the built distribution. The pair that is charged are the two ztunnels.
 */
final class MeshPair implements Candidate {
  private static final int CONTROL_PORT = 15012;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final TwoNodes nodes;
  private final Commands commands;
  private final Tools tools;
  private final Path program;
  private final Path work;
  private final String transport;
  private final String more;
  private final List<Commands.Background> others = new ArrayList<>();
  private final Map<String, Commands.Background> ztunnels = new HashMap<>();

  private MeshPair(
      TwoNodes nodes, Commands commands, Tools tools, Path distribution, MeshFolder folder) {
    this.nodes = nodes;
    this.commands = commands;
    this.tools = tools;
    this.program = distribution.resolve("bin/ambit");
    this.work = folder.work();
    this.transport = folder.transport();
    this.more = folder.more();
  }

  /**
   * Where the mesh keeps its files, and the transport its proxies use.
   *
   * @param more manifests beside those of the two pods
   */
  record MeshFolder(Path work, String transport, String more) {
    MeshFolder with(String manifests) {
      return new MeshFolder(work, transport, manifests);
    }
  }

  /** Starts it and waits until a byte came back through the tunnel. */
  static MeshPair start(
      TwoNodes nodes, Commands commands, Tools tools, Path distribution, MeshFolder folder) {
    MeshPair mesh = new MeshPair(nodes, commands, tools, distribution, folder);
    try {
      mesh.start();
    } catch (RuntimeException e) {
      mesh.close();
      throw e;
    }
    return mesh;
  }

  @Override
  public String name() {
    return "ambit " + transport;
  }

  @Override
  public TwoNodes.Pod client() {
    return nodes.client();
  }

  @Override
  public TwoNodes.Pod server() {
    return nodes.server();
  }

  @Override
  public String dial(int port) {
    return nodes.server().address() + ":" + port;
  }

  @Override
  public List<Long> pids() {
    return ztunnels.values().stream().map(Commands.Background::pid).toList();
  }

  @Override
  public boolean compiles() {
    return true;
  }

  /** When node a's ztunnel was started, and when it became ready and carried its first byte. */
  record Restart(double readyMillis, double firstByteMillis) {}

  /** Ends node a's ztunnel and measures how a new one comes up. */
  Restart restart() {
    Commands.Background old = ztunnels.remove(nodes.nodeA());
    if (old != null) {
      old.close();
    }
    Commands.Background ready =
        commands.start(
            TwoNodes.in(nodes.nodeA(), tools.command("await", "127.0.0.1:15021", "ready")),
            Map.of());
    Commands.Background echo = awaitEcho();
    long began = System.nanoTime();
    startZtunnel(nodes.nodeA());
    double readyAt = moment(ready, "ztunnel to become ready");
    double byteAt = moment(echo, "the first byte through the tunnel");
    return new Restart((readyAt - began) / 1e6, (byteAt - began) / 1e6);
  }

  private void start() {
    MeshManifests.write(work.resolve("manifests"), nodes, more);
    folder("facts");
    startController();
    for (String node : List.of(nodes.nodeA(), nodes.nodeB())) {
      startAgent(node);
      startZtunnel(node);
    }
    // Before a pod is captured its traffic goes past the proxies: that must not be measured.
    for (String node : List.of(nodes.nodeA(), nodes.nodeB())) {
      await(
          "the fact that a pod of " + node + " is captured",
          () -> read(work.resolve("facts").resolve(node + ".json")).contains("enabled"));
    }
    moment(awaitEcho(), "the first byte through the tunnel");
  }

  private Commands.Background awaitEcho() {
    return commands.start(
        TwoNodes.in(client().namespace(), tools.command("await", dial(Bench.ECHO), "echo")),
        Map.of());
  }

  /** The CLOCK_MONOTONIC time that {@code await} printed; the same clock as nanoTime. */
  private double moment(Commands.Background await, String what) {
    if (!await.ended(PATIENCE)) {
      await.kill();
      throw new Commands.Hung("waited %s for %s; %s".formatted(PATIENCE, what, lastWordsOfAll()));
    }
    return Double.parseDouble(await.output().strip());
  }

  private String lastWordsOfAll() {
    StringBuilder words = new StringBuilder();
    others.forEach(program -> words.append(program.lastWords()).append('\n'));
    ztunnels.values().forEach(program -> words.append(program.lastWords()).append('\n'));
    return words.toString();
  }

  private void startController() {
    Map<String, String> environment = new HashMap<>();
    environment.put("AMBIT_MANIFESTS", work.resolve("manifests").toString());
    environment.put("AMBIT_FACTS", work.resolve("facts").toString());
    environment.put("AMBIT_STATE", folder("controller").toString());
    environment.put("AMBIT_LISTEN", TwoNodes.NODE_A + ":" + CONTROL_PORT);
    environment.put("AMBIT_SERVER_NAMES", TwoNodes.NODE_A + "," + TwoNodes.NODE_B);
    environment.put("AMBIT_ADMIN_SOCKET", work.resolve("controller.sock").toString());
    others.add(role(nodes.nodeA(), "controller", environment));
    Path last = work.resolve("controller/join-tokens").resolve(nodes.nodeB());
    await("the controller to write " + last, () -> Files.exists(last));
  }

  private void startAgent(String node) {
    Map<String, String> environment = new HashMap<>();
    environment.put("NODE_NAME", node);
    environment.put("ZTUNNEL_UDS_ADDRESS", zds(node));
    environment.put("AMBIT_MANIFESTS", work.resolve("manifests").toString());
    environment.put("AMBIT_FACTS", work.resolve("facts").toString());
    environment.put("AMBIT_ADMIN_SOCKET", work.resolve(node + "-cni.sock").toString());
    others.add(role(node, "cni", environment));
  }

  private void startZtunnel(String node) {
    Map<String, String> environment = new HashMap<>(controlPlane(work.resolve("controller")));
    environment.put("NODE_NAME", node);
    environment.put("INPOD_UDS", zds(node));
    environment.put(
        "AMBIT_JOIN_TOKEN", work.resolve("controller/join-tokens").resolve(node).toString());
    environment.put("AMBIT_STATE", folder(node + "-ztunnel").toString());
    environment.put("AMBIT_TRANSPORT", transport);
    environment.put("AMBIT_ADMIN_SOCKET", work.resolve(node + "-ztunnel.sock").toString());
    // A line for each connection is not what the other candidates write.
    environment.put("RUST_LOG", "warn");
    ztunnels.put(node, role(node, "ztunnel", environment));
  }

  /**
   * How a proxy reaches the controller.
   *
   * @param state folder of that
   */
  static Map<String, String> controlPlane(Path state) {
    String control = "https://" + TwoNodes.NODE_A + ":" + CONTROL_PORT;
    String root = state.resolve("root-cert.pem").toString();
    return Map.of(
        "XDS_ADDRESS", control, "CA_ADDRESS", control, "XDS_ROOT_CA", root, "CA_ROOT_CA", root);
  }

  private Commands.Background role(String node, String role, Map<String, String> environment) {
    return commands.start(TwoNodes.in(node, List.of(program.toString(), role)), environment);
  }

  private String zds(String node) {
    return work.resolve(node + ".zds").toString();
  }

  private Path folder(String name) {
    try {
      return Files.createDirectories(work.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void await(String what, BooleanSupplier condition) {
    for (int i = 0; i < 600 && !condition.getAsBoolean(); i++) {
      IdleRow.pause(Duration.ofMillis(100));
    }
    if (!condition.getAsBoolean()) {
      throw new Commands.Hung("waited 60 s for " + what + "; " + lastWordsOfAll());
    }
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    ztunnels.values().forEach(Commands.Background::close);
    others.reversed().forEach(Commands.Background::close);
  }
}
