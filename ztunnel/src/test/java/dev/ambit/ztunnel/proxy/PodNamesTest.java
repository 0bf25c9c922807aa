package dev.ambit.ztunnel.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.dataplane.net.Transport;
import dev.ambit.model.dns.MeshNames;
import dev.ambit.model.mesh.MeshChange;
import dev.ambit.model.workload.NetworkAddress;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServiceKey;
import dev.ambit.ztunnel.dns.DnsSettings;
import dev.ambit.ztunnel.dns.TestMessage;
import dev.ambit.ztunnel.proxy.Namespaces.Place;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The name server of a pod, in the network of the pod. */
@Tag("kernel")
@Timeout(120)
final class PodNamesTest {
  private static final DnsSettings NAMES =
      DnsSettings.of(new MeshNames("cluster.local", "", true), List.of());
  private static final String SERVICE = "server.demo.svc.cluster.local";

  private static TestNode node(Transport.Kind kind) {
    TestNode node = new TestNode(kind, ProxySettings.DEFAULT, Optional.of(NAMES));
    node.change(
        new MeshChange.ServicePut(
            Service.of(
                "server",
                new ServiceKey("demo", SERVICE),
                List.of(new NetworkAddress("", InetAddress.ofLiteral("10.96.0.1"))),
                Map.of())));
    return node;
  }

  private static List<String> ask(TestNode.Pod pod, String server) throws Exception {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral(server), 15_053);
    byte[] query = TestMessage.query(1, SERVICE, TestMessage.A);
    return pod.network().onOwnThread(() -> TestMessage.ask(address, query)).addresses();
  }

  private static String ports(TestNode node, Place place) {
    return node.namespaces.run(place, "ss -Hlntu sport = :15053");
  }

  @ParameterizedTest(name = "over {0}")
  @EnumSource(names = {"EPOLL", "IO_URING", "NIO"})
  void serves_at_both_loopback_addresses(Transport.Kind kind) throws Exception {
    try (TestNode node = node(kind)) {
      TestNode.Pod pod = node.pod("client");
      assertThat(ask(pod, "127.0.0.1")).containsExactly("10.96.0.1");
      assertThat(ask(pod, "::1")).containsExactly("10.96.0.1");
    }
  }

  @Test
  @DisplayName("redirection 15: where the loopback has no IPv6, names are served at 127.0.0.1 only")
  void without_ipv6() throws Exception {
    try (TestNode node = node(Transport.Kind.EPOLL)) {
      Place place = node.namespaces.enrolled("four");
      node.namespaces.run(place, "sysctl -qw net.ipv6.conf.lo.disable_ipv6=1");
      var workload = TestNode.workload("four", place).build();
      node.change(new MeshChange.WorkloadPut(workload));
      TestNode.Pod pod = node.start(place, workload);
      assertThat(ask(pod, "127.0.0.1")).containsExactly("10.96.0.1");
      assertThat(ports(node, place).lines())
          .isNotEmpty()
          .allSatisfy(line -> assertThat(line).contains("127.0.0.1").doesNotContain("::1]"));
    }
  }

  @Test
  @DisplayName("redirection 17: a successor serves names beside the one that ends, and after it")
  void successor() throws Exception {
    try (TestNode node = node(Transport.Kind.EPOLL)) {
      TestNode.Pod pod = node.pod("client");
      TestNode.Pod next = node.start(pod.place(), pod.workload());
      assertThat(ask(pod, "127.0.0.1")).containsExactly("10.96.0.1");
      long both = ports(node, pod.place()).lines().count();
      pod.running().stop();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (ports(node, pod.place()).lines().count() > both / 2) {
        assertThat(System.nanoTime()).isLessThan(deadline);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(ask(next, "127.0.0.1")).containsExactly("10.96.0.1");
      }
    }
  }
}
