package dev.ambit.cli.up.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cli.up.process.Run;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scripts, run in namespaces that end with the shell that made them. */
@Tag("kernel")
class NetScriptsTest {
  private static final List<InetAddress> POD_A = addresses("10.77.1.2", "fd77:1::2");
  private static final List<InetAddress> POD_A2 = addresses("10.77.1.3", "fd77:1::3");
  private static final List<InetAddress> POD_B = addresses("10.77.2.2", "fd77:2::2");

  @BeforeAll
  static void needsRoot() {
    Assumptions.assumeTrue(
        "0".equals(Run.of("id", "-u").go().out().strip()), "SKIPPED: needs root for namespaces");
  }

  @Test
  @DisplayName("pods reach each other over IPv4 and IPv6, same node or another, at once")
  void podsReachEachOther() {
    Run.Outcome outcome =
        inside(
            """
            for pod in a2 b; do
              nsenter --net=/run/netns/shop.$pod \
                socat TCP6-LISTEN:7,ipv6only=0,fork SYSTEM:'echo reached' &
              until nsenter --net=/run/netns/shop.$pod grep -q ':0007 ' /proc/net/tcp6; do :; done
            done
            for target in 10.77.1.3 [fd77:1::3] 10.77.2.2 [fd77:2::2]; do
              nsenter --net=/run/netns/shop.a socat -u TCP:$target:7,connect-timeout=1 -
            done
            """);
    assertThat(outcome.out().lines()).as(outcome.err()).hasSize(4).containsOnly("reached");
  }

  @Test
  @DisplayName("a server sees the pod's own address and a node reaches its pods from its own one")
  void sourcesAreKept() {
    Run.Outcome outcome =
        inside(
            """
            nsenter --net=/run/netns/shop.b socat TCP6-LISTEN:7,ipv6only=0,fork SYSTEM:'echo $SOCAT_PEERADDR' &
            server=$!
            until nsenter --net=/run/netns/shop.b grep -q ':0007 ' /proc/net/tcp6; do :; done
            nsenter --net=/run/netns/shop.a socat -u TCP:10.77.2.2:7 -
            nsenter --net=/run/netns/shop.a socat -u TCP:[fd77:2::2]:7 -
            nsenter --net=/run/netns/node-b socat -u TCP:10.77.2.2:7 -
            kill $server
            """);
    assertThat(outcome.out().lines())
        .as(outcome.err())
        .containsExactly(
            "[0000:0000:0000:0000:0000:ffff:0a4d:0102]",
            "[fd77:0001:0000:0000:0000:0000:0000:0002]",
            "[0000:0000:0000:0000:0000:ffff:647f:000b]");
  }

  @Test
  @DisplayName("a pod that is gone leaves no route on the other node")
  void forgottenPod() {
    Run.Outcome outcome =
        inside(
            in("node-a", NetScripts.forgetPod(POD_B))
                + "ip -n node-a route; ip -n node-a -6 route");
    assertThat(outcome.out()).contains("10.77.1.2").doesNotContain("10.77.2.2", "fd77:2::2");
  }

  private static Run.Outcome inside(String then) {
    String script =
        "mount -t tmpfs tmpfs /run\nmkdir /run/netns\n"
            + NetScripts.underlay()
            + node("node-a", 0)
            + node("node-b", 1)
            + pod("shop.a", 0, "node-a", 0, POD_A)
            + pod("shop.a2", 1, "node-a", 0, POD_A2)
            + pod("shop.b", 2, "node-b", 1, POD_B)
            + in("node-b", NetScripts.podOfOther(POD_A, 0))
            + in("node-a", NetScripts.podOfOther(POD_B, 1))
            + then;
    return Run.of(
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-eu")
        .input(script)
        .within(Duration.ofSeconds(20))
        .go();
  }

  private static String node(String name, int index) {
    return NetScripts.plugNode(name, index) + in(name, NetScripts.node(index));
  }

  private static String pod(
      String name, int link, String node, int index, List<InetAddress> addresses) {
    return NetScripts.plugPod(name, link, node)
        + in(name, NetScripts.pod(addresses))
        + in(node, NetScripts.podOfNode(link, addresses, index));
  }

  private static String in(String namespace, String script) {
    return "nsenter --net=/run/netns/" + namespace + " sh -eu <<'INSIDE'\n" + script + "INSIDE\n";
  }

  private static List<InetAddress> addresses(String ipv4, String ipv6) {
    try {
      return List.of(InetAddress.getByName(ipv4), InetAddress.getByName(ipv6));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
