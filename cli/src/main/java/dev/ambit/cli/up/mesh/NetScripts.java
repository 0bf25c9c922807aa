package dev.ambit.cli.up.mesh;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The shell scripts that build the network of the mesh. Pure text.
 *
 * <p>One bridge, the underlay, joins the nodes. A pod has {@code eth0} with its addresses as /32
 * and /128 and one way out, the link-local address of its node; a node has one route for each pod,
 * its own ones by their links and the others' by their node (infrastructure §3).
 */
final class NetScripts {
  static final String BRIDGE = "ambit0";
  static final String UNDERLAY_IPV4 = "100.127.0.1";
  static final String UNDERLAY_IPV6 = "fdab:17::1";
  private static final int FIRST_NODE = 10;

  /**
   * Sysctls of every namespace: addresses are usable at once, and packets may come from anywhere.
   */
  private static final String SYSCTLS =
      """
      for family in ipv4 ipv6; do
        for scope in all default; do
          conf=/proc/sys/net/$family/conf/$scope
          [ $family = ipv4 ] && echo 0 > $conf/rp_filter
          [ $family = ipv6 ] && echo 0 > $conf/accept_dad
          [ $family = ipv6 ] && echo 0 > $conf/accept_ra
          echo $forwarding > $conf/forwarding
        done
      done
      ip link set lo up
      """;

  /**
   * An empty {@code /run} for this mount namespace, so that {@code /run/netns} holds the mesh's own
   * names only. The state folder, the argument, is kept if it lies there.
   */
  static final String OWN_RUN =
      """
      exec 9<"$1"
      mount -t tmpfs tmpfs /run
      mkdir /run/netns
      case "$1" in
        /run/*)
          mkdir -p "$1"
          mount --no-canonicalize --bind /proc/self/fd/9 "$1"
          ;;
      esac
      """;

  private NetScripts() {}

  /** Link addresses of the node with this index, IPv4 first. */
  static List<String> nodeAddresses(int node) {
    return List.of(
        "100.127." + (FIRST_NODE + node) / 256 + "." + (FIRST_NODE + node) % 256,
        "fdab:17::" + Integer.toHexString(FIRST_NODE + node));
  }

  /** For the namespace that all others hang off. */
  static String underlay() {
    return "forwarding=0\n"
        + SYSCTLS
        + """
        ip link add %1$s type bridge mcast_snooping 0
        ip addr add %2$s/16 dev %1$s
        ip addr add %3$s/64 dev %1$s nodad
        ip link set %1$s up
        """
            .formatted(BRIDGE, UNDERLAY_IPV4, UNDERLAY_IPV6);
  }

  /** In the underlay: the node's namespace and its cable to the bridge. */
  static String plugNode(String node, int index) {
    return """
    ip netns add %1$s
    ip link add node%2$d type veth peer name eth0 netns %1$s
    ip link set node%2$d master %3$s up
    """
        .formatted(node, index, BRIDGE);
  }

  /** In the node. */
  static String node(int index) {
    List<String> own = nodeAddresses(index);
    return "forwarding=1\n"
        + SYSCTLS
        + """
        echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
        ip addr add %s/16 dev eth0
        ip addr add %s/64 dev eth0 nodad
        ip link set eth0 up
        """
            .formatted(own.get(0), own.get(1));
  }

  /** In the underlay: the pod's namespace and its cable to the node. */
  static String plugPod(String pod, int link, String node) {
    return """
    ip netns add %1$s
    ip link add eth0 netns %1$s type veth peer name pod%2$d netns %3$s
    """
        .formatted(pod, link, node);
  }

  /** In the pod. */
  static String pod(List<InetAddress> addresses) {
    return "forwarding=0\n"
        + SYSCTLS
        + addresses.stream()
            .map(a -> "ip addr add " + prefix(a) + " dev eth0" + (ipv4(a) ? "\n" : " nodad\n"))
            .collect(Collectors.joining())
        + """
        echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
        ip link set eth0 up
        ip route add default via 169.254.1.1 dev eth0 onlink
        ip -6 route add default via fe80::1 dev eth0 onlink
        """;
  }

  /** In the pod's own node. */
  static String podOfNode(int link, List<InetAddress> addresses, int node) {
    return """
    echo 0 > /proc/sys/net/ipv6/conf/pod%1$d/accept_dad
    ip addr add 169.254.1.1/32 dev pod%1$d scope link
    ip addr add fe80::1/64 dev pod%1$d nodad
    ip link set pod%1$d up
    """
            .formatted(link)
        + routes(addresses, "dev pod" + link, node);
  }

  /** In another node: the way to a pod. */
  static String podOfOther(List<InetAddress> addresses, int nodeOfPod) {
    List<String> via = nodeAddresses(nodeOfPod);
    return addresses.stream()
        .map(a -> "ip route replace %s via %s dev eth0\n".formatted(prefix(a), pick(via, a)))
        .collect(Collectors.joining());
  }

  /** In the underlay: the way back to a pod that calls the controller. */
  static String podOfUnderlay(List<InetAddress> addresses, int nodeOfPod) {
    List<String> via = nodeAddresses(nodeOfPod);
    return addresses.stream()
        .map(a -> "ip route replace %s via %s dev %s\n".formatted(prefix(a), pick(via, a), BRIDGE))
        .collect(Collectors.joining());
  }

  /** In another node or the underlay: the way to a pod that is gone. */
  static String forgetPod(List<InetAddress> addresses) {
    return addresses.stream()
        .map(a -> "ip route del %s 2>/dev/null || :\n".formatted(prefix(a)))
        .collect(Collectors.joining());
  }

  private static String routes(List<InetAddress> addresses, String how, int node) {
    List<String> own = nodeAddresses(node);
    return addresses.stream()
        .map(a -> "ip route replace %s %s src %s\n".formatted(prefix(a), how, pick(own, a)))
        .collect(Collectors.joining());
  }

  private static String pick(List<String> ipv4ThenIpv6, InetAddress family) {
    return ipv4ThenIpv6.get(ipv4(family) ? 0 : 1);
  }

  private static String prefix(InetAddress address) {
    return address.getHostAddress() + (ipv4(address) ? "/32" : "/128");
  }

  private static boolean ipv4(InetAddress address) {
    return address instanceof Inet4Address;
  }
}
