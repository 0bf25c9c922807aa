package dev.ambit.cli.up.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextsTest {
  @Test
  @DisplayName("names of a service: short only at home, both families")
  void hosts() throws Exception {
    var service =
        new KubernetesService(
            metadata("shop", "web", Map.of(), Map.of()),
            KubernetesService.Type.CLUSTER_IP,
            List.of(InetAddress.getByName("10.96.0.10"), InetAddress.getByName("fd96::10")),
            Map.of(),
            List.of(),
            List.of(),
            false,
            "",
            false);
    assertThat(HostsFile.of("shop", List.of(service)))
        .contains("10.96.0.10 web.shop.svc.cluster.local web.shop.svc web.shop web\n")
        .contains("fd96::10 web.shop.svc.cluster.local web.shop.svc web.shop web\n");
    assertThat(HostsFile.of("outside", List.of(service))).contains(" web.shop\n");
  }

  @Test
  @DisplayName("a virtual address leads to each ready pod of the selector, by the port's name")
  void serviceRules() throws Exception {
    var service =
        new KubernetesService(
            metadata("shop", "web", Map.of(), Map.of()),
            KubernetesService.Type.CLUSTER_IP,
            List.of(InetAddress.getByName("10.96.0.10"), InetAddress.getByName("fd96::10")),
            Map.of("app", "web"),
            List.of(new KubernetesService.Port("http", "TCP", 80, 0, "http", "")),
            List.of(),
            false,
            "",
            false);
    List<Pod> pods = List.of(web("10.77.1.12", true), web("10.77.2.12", true), web("::9", false));
    assertThat(ServiceRules.of(List.of(service), pods))
        .contains(
            "ip daddr 10.96.0.10 tcp dport 80 numgen random mod 2 0 dnat ip to 10.77.1.12:8080\n")
        .contains(
            "ip daddr 10.96.0.10 tcp dport 80 numgen random mod 1 0 dnat ip to 10.77.2.12:8080\n")
        .doesNotContain("ip6");
  }

  private static Pod web(String address, boolean ready) throws Exception {
    return new Pod(
        metadata("shop", address, Map.of("app", "web", "v", "1"), Map.of()),
        "node-a",
        "default",
        false,
        Pod.Phase.RUNNING,
        ready,
        false,
        List.of(InetAddress.getByName(address)),
        Map.of("http", 8080),
        "a",
        List.of());
  }

  @ParameterizedTest(name = "{0}")
  @DisplayName("programs of a pod wait exactly when the agent will capture it")
  @CsvSource({
    "'enrolment 1: namespace ambient, pod without label', ambient, '', false, '', true",
    "'enrolment 2: namespace ambient, pod none', ambient, none, false, '', false",
    "'enrolment 3: namespace without, pod ambient', '', ambient, false, '', true",
    "'enrolment 4: host network', ambient, ambient, true, '', false",
    "'enrolment 5: sidecar', ambient, '', false, '{}', false",
    "'enrolment 6: capital letter', Ambient, '', false, '', false",
  })
  void intent(
      String vector,
      String namespaceLabel,
      String podLabel,
      boolean hostNetwork,
      String sidecar,
      boolean captured) {
    var namespace = new Namespace(metadata("", "shop", label(namespaceLabel), Map.of()));
    var pod = pod(podLabel, hostNetwork, sidecar);
    assertThat(CaptureIntent.of(pod, Map.of("shop", namespace))).as(vector).isEqualTo(captured);
  }

  @Test
  @DisplayName("/proc/net/tcp: local port and state of a row")
  void tcpRow() {
    String row =
        "   0: 0B014D0A:2328 0C014D0A:D2F0 01 00000000:00000000 00:00000000 00000000     0";
    assertThat(TcpTable.row(row)).isEqualTo(new TcpTable.Row(9000, "01"));
  }

  private static Pod pod(String label, boolean hostNetwork, String sidecar) {
    Map<String, String> annotations =
        sidecar.isEmpty() ? Map.of() : Map.of("sidecar.istio.io/status", sidecar);
    return new Pod(
        metadata("shop", "a", label(label), annotations),
        "node-a",
        "default",
        hostNetwork,
        Pod.Phase.RUNNING,
        true,
        false,
        List.of(),
        Map.of(),
        "a",
        List.of());
  }

  private static Map<String, String> label(String value) {
    return value.isEmpty() ? Map.of() : Map.of("istio.io/dataplane-mode", value);
  }

  private static Metadata metadata(
      String namespace, String name, Map<String, String> labels, Map<String, String> annotations) {
    return new Metadata(namespace, name, "", labels, annotations, Instant.EPOCH, "");
  }
}
