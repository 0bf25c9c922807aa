package dev.ambit.cni.pods;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.cni.enrol.Enrolment;
import dev.ambit.cni.enrol.RedirectOptions;
import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.object.Namespace;
import dev.ambit.model.object.Pod;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FolderPodsTest {
  private static final FolderPods PODS =
      new FolderPods(
          "node-a",
          "/run/netns/{namespace}.{name}",
          new Enrolment(Set.of("kube-system"), "istio-system"),
          RedirectOptions.BASE);

  @Test
  void only_pods_of_the_node_with_the_labels_of_their_namespace() {
    Map<String, WantedPod> pods =
        PODS.pods(
            List.of(
                namespace("shop", Map.of(Enrolment.MODE, "ambient")),
                pod("shop", "web", "node-a", Map.of()),
                pod("shop", "far", "node-b", Map.of()),
                pod("other", "web", "node-a", Map.of())));

    assertThat(pods).containsOnlyKeys("uid-shop-web", "uid-other-web");
    assertThat(pods.get("uid-shop-web").verdict().captured()).isTrue();
    assertThat(pods.get("uid-shop-web").network()).isEqualTo(Path.of("/run/netns/shop.web"));
    assertThat(pods.get("uid-shop-web").addresses())
        .containsExactly(InetAddress.ofLiteral("10.0.0.1"));
    assertThat(pods.get("uid-other-web").verdict().captured()).isFalse();
  }

  @Test
  @DisplayName("redirection 2.1: annotations choose the namespace file and what is captured")
  void annotations() {
    WantedPod pod =
        PODS.pods(
                List.of(
                    pod(
                        "shop",
                        "web",
                        "node-a",
                        Map.of(
                            "ambit.dev/netns",
                            "/proc/7/ns/net",
                            "ambient.istio.io/bypass-inbound-capture",
                            "true",
                            "ambient.istio.io/dns-capture",
                            "true",
                            "istio.io/reroute-virtual-interfaces",
                            "tap0, not/a name,tap1"))))
            .get("uid-shop-web");

    assertThat(pod.network()).isEqualTo(Path.of("/proc/7/ns/net"));
    assertThat(pod.options())
        .isEqualTo(new RedirectOptions(true, true, true, List.of("tap0", "tap1")));
  }

  @Test
  void two_pods_cannot_have_one_namespace() {
    Map<String, String> same = Map.of("ambit.dev/netns", "/run/netns/x");
    Map<String, WantedPod> pods =
        PODS.pods(
            List.of(
                namespace("shop", Map.of(Enrolment.MODE, "ambient")),
                pod("shop", "first", "node-a", same),
                pod("shop", "second", "node-a", same)));

    assertThat(pods.get("uid-shop-first").verdict().captured()).isTrue();
    assertThat(pods.get("uid-shop-second").verdict())
        .isEqualTo(
            new Enrolment.Verdict(
                false, "its network namespace /run/netns/x is that of pod shop/first"));
  }

  private static ClusterObject namespace(String name, Map<String, String> labels) {
    return new Namespace(new Metadata("", name, "n", labels, Map.of(), Instant.EPOCH, "test"));
  }

  private static ClusterObject pod(
      String namespace, String name, String node, Map<String, String> annotations) {
    return new Pod(
        new Metadata(
            namespace,
            name,
            "uid-" + namespace + "-" + name,
            Map.of(),
            annotations,
            Instant.EPOCH,
            "test"),
        node,
        "default",
        false,
        Pod.Phase.RUNNING,
        true,
        false,
        List.of(InetAddress.ofLiteral("10.0.0.1")),
        Map.of(),
        name,
        List.of());
  }
}
