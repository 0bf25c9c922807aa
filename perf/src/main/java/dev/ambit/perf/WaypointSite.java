package dev.ambit.perf;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What rows B11 and B12 run over: nginx as the server in an enrolled pod and in its twin outside
 * the mesh, a plain nginx proxy, and two waypoints that the same ztunnels lead to.
 */
final class WaypointSite implements AutoCloseable {
  static final String DIRECT = Calibration.DIRECT;
  static final String NGINX = "nginx proxy";
  static final String ZTUNNELS = "ambit ztunnels alone";
  static final String ENVOY = "envoy waypoint";
  static final String AMBIT = "ambit waypoint";

  private static final Path CONFIGURATIONS = Path.of("perf/src/main/conf");
  private static final Path ENVOY_PROGRAM = Path.of(".tools/envoy-1.40.0/envoy/_bin/envoy");
  private static final long BIG_BYTES = 200_000_000;
  private static final int H1_PORT = 8080;
  private static final int H2_PORT = 8081;

  private final TwoNodes nodes;
  private final Commands commands;
  private final Tools tools;
  private final MeshPair.MeshFolder folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<HttpPath> paths = new ArrayList<>();

  private WaypointSite(TwoNodes nodes, Commands commands, Tools tools, MeshPair.MeshFolder folder) {
    this.nodes = nodes;
    this.commands = commands;
    this.tools = tools;
    this.folder = folder;
  }

  /** Builds it and waits until a request came back over every path. */
  static WaypointSite start(
      TwoNodes nodes, Commands commands, Tools tools, MeshPair.MeshFolder folder) {
    WaypointSite site = new WaypointSite(nodes, commands, tools, folder);
    try {
      site.start();
    } catch (RuntimeException | IOException e) {
      site.close();
      throw e instanceof IOException io ? new UncheckedIOException(io) : (RuntimeException) e;
    }
    return site;
  }

  List<HttpPath> paths() {
    return List.copyOf(paths);
  }

  private void start() throws IOException {
    TwoNodes.Pod ambit =
        new TwoNodes.Pod(
            WaypointManifests.AMBIT,
            nodes.nodeB() + "ambit",
            WaypointManifests.AMBIT_ADDRESS,
            nodes.nodeB());
    TwoNodes.Pod envoy =
        new TwoNodes.Pod(
            WaypointManifests.ENVOY,
            nodes.nodeB() + "envoy",
            WaypointManifests.ENVOY_ADDRESS,
            nodes.nodeB());
    TwoNodes.Pod proxy =
        new TwoNodes.Pod("proxy", nodes.nodeB() + "proxy", "10.91.2.22", nodes.nodeB());
    List.of(ambit, envoy, proxy).forEach(nodes::add);
    content();
    long plain = nginx(nodes.plainServer(), "nginx-server.conf", Map.of());
    long enrolled = nginx(nodes.server(), "nginx-server.conf", Map.of());
    long middle = nginx(proxy, "nginx-proxy.conf", Map.of("SERVER", nodes.plainServer().address()));
    Path distribution = Path.of("dist/target/ambit").toAbsolutePath();
    MeshPair mesh =
        keep(
            MeshPair.start(
                nodes,
                commands,
                tools,
                distribution,
                folder.with(WaypointManifests.text(ambit, envoy))));
    long ours = waypoint(ambit, distribution);

    String direct = nodes.plainServer().address();
    path(DIRECT, urls(direct, H1_PORT, H2_PORT), List.of(), List.of(plain));
    path(NGINX, urls(proxy.address(), H1_PORT, H2_PORT), List.of(middle), List.of(plain));
    path(ZTUNNELS, urls(WaypointManifests.NO_WAYPOINT, 80, 81), mesh.pids(), List.of(enrolled));
    List<Long> chain = Stream.concat(mesh.pids().stream(), Stream.of(enrolled)).toList();
    if (Files.isExecutable(ENVOY_PROGRAM)) {
      long theirs = envoy(envoy);
      path(ENVOY, urls(WaypointManifests.THROUGH_ENVOY, 80, 80), List.of(theirs), chain);
    } else {
      Progress.say("there is no " + ENVOY_PROGRAM + ": Envoy is not measured");
    }
    path(AMBIT, urls(WaypointManifests.THROUGH_AMBIT, 80, 80), List.of(ours), chain);
  }

  private static HttpPath.Urls urls(String host, int h1, int h2) {
    return new HttpPath.Urls("http://" + host + ":" + h1, "http://" + host + ":" + h2);
  }

  private void path(String name, HttpPath.Urls urls, List<Long> charged, List<Long> others) {
    boolean meshed = !name.equals(DIRECT) && !name.equals(NGINX);
    HttpPath path =
        new HttpPath(
            name,
            meshed ? nodes.client() : nodes.plainClient(),
            meshed ? nodes.server() : nodes.plainServer(),
            urls,
            charged,
            Stream.concat(charged.stream(), others.stream()).toList(),
            name.startsWith("ambit"));
    commands.run(
        Duration.ofSeconds(90),
        TwoNodes.in(
            path.client().namespace(),
            List.of(
                "curl",
                "-sSf",
                "-o/dev/null",
                "-m5",
                "--retry",
                "80",
                "--retry-delay",
                "1",
                "--retry-all-errors",
                urls.h1() + WaypointManifests.PATH)));
    paths.add(path);
  }

  private void content() throws IOException {
    Path root = Files.createDirectories(folder.work().resolve("www/route-57"));
    Files.writeString(root.resolveSibling("kilobyte"), "k".repeat(1024));
    try (RandomAccessFile big = new RandomAccessFile(root.resolve("big").toFile(), "rw")) {
      big.setLength(BIG_BYTES);
    }
  }

  private long nginx(TwoNodes.Pod pod, String file, Map<String, String> values) throws IOException {
    Path configuration = configuration(file, pod.name() + ".conf", values);
    return run(pod, List.of("nginx", "-c", configuration.toString()), Map.of());
  }

  private long waypoint(TwoNodes.Pod pod, Path distribution) throws IOException {
    Path controller = folder.work().resolve("controller");
    Map<String, String> environment = new HashMap<>(MeshPair.controlPlane(controller));
    environment.put("NODE_NAME", pod.node());
    environment.put("POD_NAME", pod.name());
    environment.put("POD_NAMESPACE", "bench");
    environment.put("SERVICE_ACCOUNT", pod.name());
    environment.put("GATEWAY_NAME", pod.name());
    environment.put("INSTANCE_IP", pod.address());
    environment.put(
        "AMBIT_JOIN_TOKEN", controller.resolve("join-tokens/pods/bench." + pod.name()).toString());
    environment.put(
        "AMBIT_STATE", Files.createDirectories(folder.work().resolve("waypoint")).toString());
    environment.put("AMBIT_ADMIN_SOCKET", folder.work().resolve("waypoint.sock").toString());
    environment.put("AMBIT_TRANSPORT", folder.transport());
    environment.put("RUST_LOG", "warn");
    return run(pod, List.of(distribution.resolve("bin/ambit").toString(), "waypoint"), environment);
  }

  private long envoy(TwoNodes.Pod pod) throws IOException {
    Path own = Files.createDirectories(folder.work().resolve("envoy"));
    Path ca = folder.work().resolve("controller/ca");
    Certificates.workload(commands, ca, own, "spiffe://cluster.local/ns/bench/sa/" + pod.name());
    Path configuration =
        configuration(
            "envoy-waypoint.yaml",
            "envoy.yaml",
            Map.of(
                "FOLDER",
                own.toString(),
                "ROOT",
                ca.resolve("root-cert.pem").toString(),
                "SERVER",
                nodes.server().address(),
                "ROUTES\n",
                WaypointManifests.envoyRoutes()));
    return run(
        pod,
        List.of(
            ENVOY_PROGRAM.toAbsolutePath().toString(),
            "-c",
            configuration.toString(),
            "--concurrency",
            Integer.toString(Runtime.getRuntime().availableProcessors()),
            "--use-dynamic-base-id",
            "--log-level",
            "warning"),
        Map.of());
  }

  /** Writes {@code file} with {@code @NAME@} replaced by values. */
  private Path configuration(String file, String name, Map<String, String> values)
      throws IOException {
    Map<String, String> all = new HashMap<>();
    all.put("FOLDER", folder.work().toString());
    all.put("PORT", Integer.toString(H1_PORT));
    all.putAll(values);
    String text = Files.readString(CONFIGURATIONS.resolve(file));
    for (Map.Entry<String, String> value : all.entrySet()) {
      text =
          text.replace("@" + value.getKey().strip() + "@" + tail(value.getKey()), value.getValue());
    }
    return Files.writeString(folder.work().resolve(name), text);
  }

  private static String tail(String key) {
    return key.endsWith("\n") ? "\n" : "";
  }

  private long run(TwoNodes.Pod pod, List<String> command, Map<String, String> environment) {
    return keep(commands.start(TwoNodes.in(pod.namespace(), command), environment)).pid();
  }

  private <C extends AutoCloseable> C keep(C one) {
    open.add(one);
    return one;
  }

  @Override
  public void close() {
    for (AutoCloseable one : open.reversed()) {
      try {
        one.close();
      } catch (Exception e) {
        Progress.say("cleaning up: " + e.getMessage());
      }
    }
  }
}
