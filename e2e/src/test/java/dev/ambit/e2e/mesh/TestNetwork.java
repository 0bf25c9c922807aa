package dev.ambit.e2e.mesh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two nodes joined by a cable, and pods plugged into them, all network namespaces with a prefix of
 * this run; IPv4 and IPv6. A pod has its addresses as /32 and /128 and one way out, the link-local
 * address of its node. Deletes everything when closed, or when the process ends.
 */
final class TestNetwork implements AutoCloseable {
  private static final AtomicInteger RUNS = new AtomicInteger();

  static final List<String> NODES = List.of("node-a", "node-b");

  private static final String SYSCTLS =
      """
      for scope in all default; do
        echo 0 > /proc/sys/net/ipv4/conf/$scope/rp_filter
        echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad
        echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_ra
      done
      ip link set lo up
      """;

  private final String prefix;
  private final List<String> namespaces = new ArrayList<>();
  private final Thread atExit = new Thread(this::deleteAll);
  private int pods;

  TestNetwork() throws IOException {
    prefix = "ae" + ProcessHandle.current().pid() + "n" + RUNS.incrementAndGet() + ".";
    Runtime.getRuntime().addShutdownHook(atExit);
    String a = make("node-a");
    String b = make("node-b");
    Shell.script("ip link add cable netns " + a + " type veth peer name cable netns " + b + "\n");
    for (int i = 0; i < NODES.size(); i++) {
      Shell.script(
          namespace(NODES.get(i)),
          SYSCTLS
              + """
              echo 1 > /proc/sys/net/ipv4/ip_forward
              echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
              ip addr add %s/24 dev cable
              ip addr add %s/64 dev cable nodad
              ip link set cable up
              """
                  .formatted(nodeIpv4(i), nodeIpv6(i)));
    }
  }

  /** A place in the network. */
  record Place(String namespace, String ipv4, String ipv6, String link) {}

  String namespace(String name) {
    return prefix + name;
  }

  private String make(String name) throws IOException {
    String namespace = namespace(name);
    Shell.script("ip netns add " + namespace + "\n");
    synchronized (namespaces) {
      namespaces.add(namespace);
    }
    return namespace;
  }

  /** Plugs a pod into a node; {@code number} decides its addresses, so that they can be reused. */
  Place plug(String name, String node, int number) throws IOException {
    int index = NODES.indexOf(node);
    String namespace = make(name);
    String link = "pod" + ++pods;
    Place place =
        new Place(
            namespace,
            "10.211." + index + "." + number,
            "fd00:211:" + index + "::" + Integer.toHexString(number),
            link);
    Shell.script(
        "nsenter --net=/run/netns/%s sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'\n"
                .formatted(namespace)
            + "ip link add eth0 netns %s type veth peer name %s netns %s\n"
                .formatted(namespace, link, namespace(node)));
    Shell.script(
        namespace,
        SYSCTLS
            + """
            ip addr add %s/32 dev eth0
            ip addr add %s/128 dev eth0 nodad
            ip link set eth0 up
            ip route add default via 169.254.1.1 dev eth0 onlink
            ip -6 route add default via fe80::1 dev eth0 onlink
            """
                .formatted(place.ipv4(), place.ipv6()));
    Shell.script(
        namespace(node),
        """
        ip addr add 169.254.1.1/32 dev %1$s scope link
        ip addr add fe80::1/64 dev %1$s nodad
        ip link set %1$s up
        ip route replace %2$s/32 dev %1$s src %4$s
        ip -6 route replace %3$s/128 dev %1$s src %5$s
        """
            .formatted(link, place.ipv4(), place.ipv6(), nodeIpv4(index), nodeIpv6(index)));
    int other = 1 - index;
    Shell.script(
        namespace(NODES.get(other)),
        """
        ip route replace %s/32 via %s dev cable
        ip -6 route replace %s/128 via %s dev cable
        """
            .formatted(place.ipv4(), nodeIpv4(index), place.ipv6(), nodeIpv6(index)));
    return place;
  }

  /** Takes a pod's network away, whatever still holds sockets in it. */
  void unplug(Place place, String node) throws IOException {
    Shell.script(
        "nsenter --net=/run/netns/%s ip link del %s\nip netns del %s\n"
            .formatted(namespace(node), place.link(), place.namespace()));
    synchronized (namespaces) {
      namespaces.remove(place.namespace());
    }
  }

  static String nodeIpv4(int index) {
    return "10.210.0." + (index + 1);
  }

  static String nodeIpv6(int index) {
    return "fd00:210::" + (index + 1);
  }

  @Override
  public void close() {
    deleteAll();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process is ending.
    }
  }

  private void deleteAll() {
    synchronized (namespaces) {
      for (String namespace : namespaces) {
        try {
          Shell.script("ip netns del " + namespace + "\n");
        } catch (IOException e) {
          System.getLogger("mesh").log(System.Logger.Level.WARNING, e.getMessage());
        }
      }
      namespaces.clear();
    }
  }
}
