package dev.ambit.cni.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ProbeBypassTest {
  private static final InetAddress IP = InetAddress.ofLiteral("10.9.0.1");
  private static final int KUBELET = 4711;

  private final List<String> applied = new ArrayList<>();
  private final ProbeBypass probes = new ProbeBypass(List.of(KUBELET), applied::add);

  @Test
  @DisplayName("redirection 10: an address belongs to the pod that took it last")
  void an_address_belongs_to_its_last_pod() {
    probes.put("u1", List.of(IP));

    probes.remove("u2");
    assertThat(probes.owner(IP)).isEqualTo("u1");

    probes.put("u2", List.of(IP));
    assertThat(probes.owner(IP)).isEqualTo("u2");

    probes.remove("u1");
    assertThat(probes.owner(IP)).isEqualTo("u2");
    probes.remove("u2");
    assertThat(probes.owner(IP)).isEmpty();
  }

  @Test
  void rules_are_written_when_something_changed() {
    probes.put("u1", List.of(IP, InetAddress.ofLiteral("fd00::1")));
    probes.put("u1", List.of(IP));
    probes.remove("u9");

    assertThat(applied).hasSize(1);
    assertThat(applied.getFirst())
        .contains("meta skuid { 4711 } ip daddr @istio-inpod-probes-v4")
        .contains("elements = { 10.9.0.1 }")
        .contains("elements = { fd00:0:0:0:0:0:0:1 }");
  }

  @Test
  void without_users_nothing_is_written() {
    ProbeBypass off = new ProbeBypass(List.of(), applied::add);
    off.put("u1", List.of(IP));
    off.close();

    assertThat(applied).isEmpty();
  }

  @Test
  @Tag("kernel")
  @DisplayName("redirection 8, 9: a probe's user reaches the pod directly, another user does not")
  void probes_pass_by() throws Exception {
    TestNamespace.assumeRoot();
    try (TestNamespace pod = TestNamespace.create();
        TestNamespace node = TestNamespace.create();
        PodNetwork network = LinuxPodNetwork.open(pod.file());
        var inNode = node.open();
        var inPod = pod.open();
        ServerSocket app = inPod.onOwnThread(() -> new ServerSocket(8080));
        ServerSocket ztunnel = inPod.onOwnThread(() -> new ServerSocket(15006))) {
      pod.link(node, "10.9.0.1/24", "10.9.0.2/24");
      pod.in("ip", "route", "add", "default", "via", "10.9.0.2");
      network.capture(RedirectOptions.BASE);
      ProbeBypass bypass = new ProbeBypass(List.of(KUBELET), rules -> Nft.apply(inNode, rules));
      bypass.put("u1", List.of(IP));

      connectAs(node, KUBELET, 8080);
      try (Socket probe = app.accept()) {
        assertThat(probe.getInetAddress().getHostAddress()).isEqualTo("169.254.7.127");
        assertThat(Sockets.unproxied(network.sockets())).isEmpty();
      }
      connectAs(node, KUBELET + 1, 8080);
      try (Socket plain = ztunnel.accept()) {
        assertThat(plain.getInetAddress().getHostAddress()).isEqualTo("10.9.0.2");
      }
      bypass.close();
      assertThat(node.in("nft", "list", "ruleset")).isEmpty();
    }
  }

  private static void connectAs(TestNamespace where, int user, int port) throws Exception {
    where.in(
        "setpriv",
        "--reuid=" + user,
        "--clear-groups",
        "bash",
        "-c",
        "exec 3<>/dev/tcp/10.9.0.1/" + port);
  }
}
