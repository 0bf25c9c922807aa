package dev.ambit.cli.up.story;

import dev.ambit.cli.up.capture.Capture;
import dev.ambit.cli.up.capture.Packet;
import dev.ambit.cli.up.mesh.Mesh;
import dev.ambit.cli.up.mesh.NodeHost;
import dev.ambit.cli.up.mesh.PodSandbox;
import dev.ambit.cli.up.process.Await;
import dev.ambit.cli.up.process.Run;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.workload.IpAddresses;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the steps act with: the mesh, the manifests, real programs in pods, a look at the wire and
 * into the kernel. Also what one step leaves open for a later one. One thread.
 */
final class Stage implements AutoCloseable {
  static final String NAMESPACE = "shop";
  static final String CLIENT = "shop/client";
  static final String WEB_A = "shop/web-a";
  static final String WEB_B = "shop/web-b";
  static final String CACHE = "shop/cache";
  static final String ECHO = "shop/echo";
  static final String FILES = "shop/files";
  static final String OUTSIDER = "outside/legacy";
  static final int TUNNEL_PORT = 15008;
  static final int ECHO_PORT = 9000;

  private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);

  private final Mesh mesh;
  private final Scratch manifests;
  private final List<AutoCloseable> open = new ArrayList<>();

  /** Begun before enrolment; checked and ended by {@link OpenConnectionSurvives}. */
  @Nullable Conversation early;

  /** Begun in the mesh; lives until its ztunnel is killed. */
  @Nullable Conversation lasting;

  /** The link around the moment of enrolment. */
  List<Packet> enrolment = List.of();

  /** The certificate web-b showed first. */
  @Nullable ShownCertificate first;

  Stage(Mesh mesh, Scratch manifests) {
    this.mesh = mesh;
    this.manifests = manifests;
  }

  Mesh mesh() {
    return mesh;
  }

  Scratch manifests() {
    return manifests;
  }

  /** Runs a program in a pod. */
  Run.Outcome inPod(String pod, String... command) {
    return Run.of(mesh.pod(pod).enter(List.of(command))).go();
  }

  /** One GET on a new connection; the status, 0 when there was none. */
  int get(String pod, String url) {
    String said =
        inPod(pod, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url).out();
    return said.matches("\\d{3}") ? Integer.parseInt(said) : 0;
  }

  /** A connection from a pod, kept until the story ends. */
  Conversation talk(String pod, String host, int port) throws IOException {
    String target = "TCP:" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    return keep(
        Conversation.open(mesh.pod(pod).enter(List.of("socat", "-t", "0.05", "-", target))));
  }

  Prober probe(String pod, String url) throws IOException {
    return keep(Prober.start(this, pod, url));
  }

  /** Everything on the cable of node-a from now on. */
  Capture captureLink() throws IOException {
    NodeHost node = node("node-a");
    return keep(Capture.on(node.link(), node.addresses().getFirst(), mesh.settings().state()));
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.add(resource);
    return resource;
  }

  NodeHost node(String name) {
    return mesh.nodes().stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node " + name));
  }

  String ipv4(String pod) {
    return address(mesh.pod(pod).pod().addresses(), false);
  }

  String ipv6(String pod) {
    return address(mesh.pod(pod).pod().addresses(), true);
  }

  /** The virtual IPv6 address of a service of the story's namespace. */
  String virtualIpv6(String service) {
    return mesh.seen().objects().stream()
        .filter(KubernetesService.class::isInstance)
        .map(KubernetesService.class::cast)
        .filter(s -> s.metadata().name().equals(service))
        .map(s -> address(s.clusterIps(), true))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no service " + service));
  }

  private static String address(List<InetAddress> addresses, boolean wantIpv6) {
    return addresses.stream()
        .filter(a -> a instanceof Inet6Address == wantIpv6)
        .map(IpAddresses::print)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no such address in " + addresses));
  }

  /** Pods of the captured namespace. */
  List<PodSandbox> captured() {
    return mesh.pods().stream()
        .filter(pod -> pod.pod().metadata().namespace().equals(NAMESPACE))
        .toList();
  }

  Set<InetAddress> capturedAddresses() {
    var all = new HashSet<InetAddress>();
    captured().forEach(pod -> all.addAll(pod.pod().addresses()));
    return all;
  }

  /** The packet filter of a pod, as the kernel has it. */
  static String rules(PodSandbox pod) {
    return Run.of("nft", "list", "ruleset").inNamespace(pod.network()).must();
  }

  static boolean redirected(PodSandbox pod) {
    return rules(pod).contains("redirect to :15001");
  }

  /** What a program of a pod has said so far. */
  String log(String name) throws IOException {
    return Files.readString(mesh.settings().log(name));
  }

  /** Whether a program says {@code text} in time. */
  boolean says(String log, String text) {
    return Await.until(Duration.ofSeconds(3), () -> log(log).contains(text));
  }

  /** The command line of this distribution, on this mesh. */
  Run.Outcome ambit(String... arguments) {
    var command = new ArrayList<>(List.of("env"));
    command.add("AMBIT_MESH_STATE=" + mesh.settings().state());
    command.add(mesh.settings().launcher().toString());
    command.addAll(List.of(arguments));
    return Run.of(command).within(COMMAND_LIMIT).go();
  }

  @Override
  public void close() {
    for (AutoCloseable resource : open.reversed()) {
      try {
        resource.close();
      } catch (Exception e) {
        // A program that cannot be ended now ends with the mesh's namespaces.
      }
    }
  }
}
