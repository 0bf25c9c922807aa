package dev.ambit.perf;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Two nodes joined by a link, on each an enrolled pod and one that never is: the topology of the
 * demo. A pod has one address on a point-to-point veth and a default route over its node.
 */
final class TwoNodes implements AutoCloseable {
  static final String NODE_A = "10.90.0.1";
  static final String NODE_B = "10.90.0.2";

  /** One pod: its network namespace, address and the node it is on. */
  record Pod(String name, String namespace, String address, String node) {}

  private final Commands commands;
  private final String prefix;
  private final List<String> made = new ArrayList<>();

  private TwoNodes(Commands commands, String prefix) {
    this.commands = commands;
    this.prefix = prefix;
  }

  /** Builds it; names of namespaces begin with {@code prefix}. */
  static TwoNodes build(Commands commands, String prefix) {
    TwoNodes nodes = new TwoNodes(commands, prefix);
    try {
      nodes.build();
    } catch (RuntimeException e) {
      nodes.close();
      throw e;
    }
    return nodes;
  }

  String nodeA() {
    return prefix + "a";
  }

  String nodeB() {
    return prefix + "b";
  }

  /** The pod whose programs call, in the mesh. */
  Pod client() {
    return new Pod("client", prefix + "client", "10.91.1.10", nodeA());
  }

  /** The pod whose programs are called, in the mesh. */
  Pod server() {
    return new Pod("server", prefix + "server", "10.91.2.10", nodeB());
  }

  /** {@link #client}'s twin outside the mesh, for the calibration rows. */
  Pod plainClient() {
    return new Pod("plain-client", prefix + "pclient", "10.91.1.11", nodeA());
  }

  /** {@link #server}'s twin outside the mesh. */
  Pod plainServer() {
    return new Pod("plain-server", prefix + "pserver", "10.91.2.11", nodeB());
  }

  /** The command line that runs {@code command} in a namespace, under the same process id. */
  static List<String> in(String namespace, List<String> command) {
    return Stream.concat(Stream.of("ip", "netns", "exec", namespace), command.stream()).toList();
  }

  private void build() {
    List.of(nodeA(), nodeB()).forEach(this::namespace);
    ip("link", "add", "link0", "netns", nodeA(), "type", "veth", "peer", "link0", "netns", nodeB());
    node(nodeA(), NODE_A, "10.91.2.0/24", NODE_B);
    node(nodeB(), NODE_B, "10.91.1.0/24", NODE_A);
    List.of(client(), server(), plainClient(), plainServer()).forEach(this::pod);
  }

  private void node(String namespace, String address, String farPods, String farNode) {
    ip("-n", namespace, "addr", "add", address + "/30", "dev", "link0");
    ip("-n", namespace, "link", "set", "link0", "up");
    ip("-n", namespace, "route", "add", farPods, "via", farNode);
    commands.run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1");
  }

  /** One more pod. */
  void add(Pod pod) {
    pod(pod);
  }

  private void pod(Pod pod) {
    String veth = "v" + pod.address().substring(pod.address().lastIndexOf('.') + 1);
    namespace(pod.namespace());
    ip(
        "link",
        "add",
        "eth0",
        "netns",
        pod.namespace(),
        "type",
        "veth",
        "peer",
        veth,
        "netns",
        pod.node());
    ip("-n", pod.node(), "addr", "add", "169.254.1.1/32", "dev", veth);
    ip("-n", pod.node(), "link", "set", veth, "up");
    ip("-n", pod.node(), "route", "add", pod.address() + "/32", "dev", veth);
    ip("-n", pod.namespace(), "addr", "add", pod.address() + "/32", "dev", "eth0");
    ip("-n", pod.namespace(), "link", "set", "eth0", "up");
    ip("-n", pod.namespace(), "route", "add", "169.254.1.1", "dev", "eth0", "scope", "link");
    ip("-n", pod.namespace(), "route", "add", "default", "via", "169.254.1.1");
    // Enough ports for connection churn without meeting the proxies' own.
    commands.run(
        "ip",
        "netns",
        "exec",
        pod.namespace(),
        "sysctl",
        "-qw",
        "net.ipv4.ip_local_port_range=16000 65000");
  }

  private void namespace(String name) {
    ip("netns", "add", name);
    made.add(name);
    ip("-n", name, "link", "set", "lo", "up");
  }

  private void ip(String... arguments) {
    commands.run(Stream.concat(Stream.of("ip"), Stream.of(arguments)).toArray(String[]::new));
  }

  @Override
  public void close() {
    made.reversed().forEach(name -> ip("netns", "del", name));
    made.clear();
  }
}
