package dev.ambit.cni.enrol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ambit.cni.enrol.RedirectRules.Found;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class LinuxPodNetworkTest {
  private static final String LOOSE = "net.netfilter.nf_conntrack_tcp_loose";

  private TestNamespace space;
  private PodNetwork pod;

  @BeforeEach
  void make() throws Exception {
    TestNamespace.assumeRoot();
    space = TestNamespace.create();
    pod = LinuxPodNetwork.open(space.file());
  }

  @AfterEach
  void delete() throws Exception {
    if (pod != null) {
      pod.close();
      space.close();
    }
  }

  @Test
  @DisplayName("redirection 11: rules applied twice are there once and keep their counters")
  void applied_twice() throws Exception {
    pod.capture(RedirectOptions.BASE);
    String once = space.in("nft", "list", "ruleset");
    space.in("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/1 || true");
    assertThat(pod.found(RedirectOptions.BASE)).isEqualTo(Found.CURRENT);
    String counted = space.in("nft", "list", "ruleset");

    pod.capture(RedirectOptions.BASE);

    assertThat(space.in("nft", "list", "ruleset")).isEqualTo(counted);
    assertThat(counted.lines()).hasSameSizeAs(once.lines().toList());
    assertThat(space.in("ip", "rule").lines().filter(line -> line.contains("0x111"))).hasSize(1);
    assertThat(space.in("ip", "rule")).contains("32764:	from all fwmark 0x111/0xfff lookup 100");
    assertThat(space.in("ip", "route", "show", "table", "100"))
        .isEqualTo("local default dev lo scope host");
    assertThat(space.in("ip", "-6", "rule"))
        .contains("32764:	from all fwmark 0x111/0xfff lookup 100");
    assertThat(space.in("ip", "-6", "route", "show", "table", "100"))
        .contains("local default dev lo");
  }

  @Test
  @DisplayName("redirection 11: removed twice is no error, and nothing is left")
  void removed_twice() throws Exception {
    String before = space.in("ip", "rule");
    String before6 = space.in("ip", "-6", "rule");
    pod.capture(RedirectOptions.BASE);
    assertThat(space.in("sysctl", "-n", LOOSE)).isEqualTo("0");

    pod.remove();
    pod.remove();

    assertThat(space.in("nft", "list", "ruleset")).isEmpty();
    assertThat(space.in("ip", "rule")).isEqualTo(before);
    assertThat(space.in("ip", "-6", "rule")).isEqualTo(before6);
    assertThat(space.in("ip", "route", "show", "table", "all")).doesNotContain("table 100");
    assertThat(space.in("ip", "-6", "route", "show", "table", "all")).doesNotContain("table 100");
    assertThat(space.in("sysctl", "-n", LOOSE)).isEqualTo("1");
  }

  @Test
  void the_conntrack_setting_goes_back_to_what_it_was() throws Exception {
    space.in("sysctl", "-w", LOOSE + "=0");
    pod.capture(RedirectOptions.BASE);
    pod.capture(RedirectOptions.BASE);

    pod.remove();

    assertThat(space.in("sysctl", "-n", LOOSE)).isEqualTo("0");
  }

  @Test
  @DisplayName("redirection 12: what nft lists for each set of options is what was applied")
  void each_set_of_options_is_recognised() {
    for (boolean ipv6 : List.of(true, false)) {
      for (boolean bypass : List.of(true, false)) {
        for (boolean dns : List.of(true, false)) {
          for (List<String> interfaces : List.of(List.<String>of(), List.of("tap0", "vm@1.x"))) {
            RedirectOptions options = new RedirectOptions(ipv6, bypass, dns, interfaces);
            pod.capture(options);
            assertThat(pod.found(options)).as(options.toString()).isEqualTo(Found.CURRENT);
          }
        }
      }
    }
    pod.drain();
    assertThat(pod.found(RedirectOptions.BASE)).isEqualTo(Found.DRAINING);
  }

  @Test
  void a_rule_that_someone_took_away_is_noticed_and_put_back() throws Exception {
    pod.capture(RedirectOptions.BASE);
    space.in("nft", "flush", "chain", "inet", "istio-ambient-nat", "istio-output");
    assertThat(pod.found(RedirectOptions.BASE)).isEqualTo(Found.OTHER);

    pod.capture(RedirectOptions.BASE);

    assertThat(pod.found(RedirectOptions.BASE)).isEqualTo(Found.CURRENT);
  }

  @Test
  void tables_of_others_are_left_alone() throws Exception {
    space.in("nft", "add table ip mine");
    pod.capture(RedirectOptions.BASE);
    pod.remove();

    assertThat(space.in("nft", "list", "ruleset")).isEqualTo("table ip mine {\n}");
  }

  @Test
  @DisplayName("redirection 15: no IPv6 route where the loopback has IPv6 off")
  void no_ipv6_loopback() throws Exception {
    space.in("sysctl", "-w", "net.ipv6.conf.lo.disable_ipv6=1");
    pod.capture(RedirectOptions.BASE);

    assertThat(space.in("ip", "-6", "rule")).doesNotContain("0x111");
    assertThat(space.in("ip", "route", "show", "table", "100")).contains("local default dev lo");
    pod.remove();
  }

  @Test
  @DisplayName("redirection 19: bits of the connection mark that others set stay")
  void other_bits_of_the_connection_mark_stay() throws Exception {
    try (TestNamespace peer = TestNamespace.create();
        ServerSocket app = listen(space, 8080)) {
      space.link(peer, "10.9.0.1/24", "10.9.0.2/24");
      // Stands for another agent that marks the connection, and for ztunnel that marks its packets.
      space.in(
          "nft",
          "add table inet other; "
              + "add chain inet other in { type filter hook prerouting priority -160; }; "
              + "add rule inet other in tcp dport 8080 ct mark set 0xabc000 meta mark set 0x539");
      pod.capture(RedirectOptions.BASE);

      peer.in(
          "bash",
          "-c",
          "timeout 0.2 bash -c 'exec 3<>/dev/tcp/10.9.0.1/" + app.getLocalPort() + "' || true");

      assertThat(space.in("conntrack", "-L", "-p", "tcp", "--dport", "8080"))
          .contains("mark=" + 0xabc111);
    }
  }

  @Test
  @DisplayName(
      "enrolment 3: a connection that is open while its pod is captured goes on, a new one is captured")
  void an_open_connection_lives() throws Exception {
    try (TestNamespace peer = TestNamespace.create()) {
      space.link(peer, "10.9.0.1/24", "10.9.0.2/24");
      try (ServerSocket server = listen(peer, 7000);
          ServerSocket ztunnel = listen(space, 15001);
          Socket out = connect(space, "10.9.0.2", 7000);
          Socket outPeer = server.accept();
          ServerSocket app = listen(space, 8080);
          Socket in = connect(peer, "10.9.0.1", 8080);
          Socket inApp = app.accept()) {
        says(out, outPeer, 1);

        pod.capture(RedirectOptions.BASE);

        says(out, outPeer, 2);
        says(outPeer, out, 3);
        says(in, inApp, 4);
        says(inApp, in, 5);
        assertThat(Sockets.unproxied(pod.sockets()))
            .extracting(socket -> socket.remote().getPort())
            .containsExactlyInAnyOrder(7000, in.getLocalPort());

        try (Socket next = connect(space, "10.9.0.2", 7000);
            Socket taken = ztunnel.accept()) {
          says(next, taken, 6);
        }

        pod.drain();
        says(out, outPeer, 7);
        try (Socket direct = connect(space, "10.9.0.2", 7000);
            Socket accepted = server.accept()) {
          says(direct, accepted, 8);
        }
        pod.remove();
        says(inApp, in, 9);
      }
    }
  }

  @Test
  void a_captured_connection_stays_translated_through_new_rules_and_a_drain() throws Exception {
    try (TestNamespace peer = TestNamespace.create()) {
      space.link(peer, "10.9.0.1/24", "10.9.0.2/24");
      try (ServerSocket ztunnel = listen(space, 15001)) {
        pod.capture(RedirectOptions.BASE);
        try (Socket app = connect(space, "10.9.0.2", 7000);
            Socket taken = ztunnel.accept()) {
          says(app, taken, 1);
          pod.capture(new RedirectOptions(true, true, true, List.of()));
          says(app, taken, 2);
          says(taken, app, 3);
          pod.drain();
          says(app, taken, 4);
          says(taken, app, 5);
        }
      }
    }
  }

  @Test
  void the_namespace_of_the_node_is_refused() {
    assertThatThrownBy(() -> LinuxPodNetwork.open(Path.of("/proc/self/ns/net")))
        .isInstanceOf(PodNetwork.Refused.class)
        .hasMessageContaining("that of the node");
    assertThatThrownBy(() -> LinuxPodNetwork.open(Path.of("/run/netns/acni-none")))
        .isInstanceOf(PodNetwork.Refused.class)
        .hasMessageContaining("is not there");
    assertThatThrownBy(() -> LinuxPodNetwork.open(Path.of("/proc/self/ns/mnt")))
        .isInstanceOf(PodNetwork.Refused.class)
        .hasMessageContaining("cannot be opened");
  }

  private static void says(Socket from, Socket to, int what) throws IOException {
    to.setSoTimeout(5000);
    from.getOutputStream().write(what);
    InputStream in = to.getInputStream();
    assertThat(in.read()).isEqualTo(what);
  }

  private static ServerSocket listen(TestNamespace where, int port) throws Exception {
    try (var netns = where.open()) {
      return netns.onOwnThread(() -> new ServerSocket(port));
    }
  }

  private static Socket connect(TestNamespace where, String ip, int port) throws Exception {
    try (var netns = where.open()) {
      return netns.onOwnThread(() -> {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(ip), port), 5000);
        return socket;
      });
    }
  }
}
