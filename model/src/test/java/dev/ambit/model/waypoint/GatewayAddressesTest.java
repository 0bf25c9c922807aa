package dev.ambit.model.waypoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.ClusterObject;
import dev.ambit.model.object.Gateway;
import dev.ambit.model.object.Gateway.Address;
import dev.ambit.model.object.GatewayClass;
import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GatewayAddressesTest {
  private static Metadata metadata(String name, Map<String, String> annotations) {
    return new Metadata("demo", name, "", Map.of(), annotations, Instant.EPOCH, "");
  }

  private static Gateway gateway(
      String className, List<Address> asked, List<Address> assigned, String... annotation) {
    return new Gateway(
        metadata("wp", annotation.length == 0 ? Map.of() : Map.of(annotation[0], annotation[1])),
        className,
        List.of(),
        asked,
        assigned,
        Gateway.Infrastructure.NONE);
  }

  private static KubernetesService service(String name, boolean programmed) {
    return new KubernetesService(
        metadata(name, programmed ? Map.of(GatewayAddresses.PROGRAMMED, "true") : Map.of()),
        KubernetesService.Type.CLUSTER_IP,
        List.of(InetAddress.ofLiteral("10.96.0.9"), InetAddress.ofLiteral("fd00::9")),
        Map.of(),
        List.of(),
        List.of(),
        false,
        "",
        false);
  }

  private static List<String> assigned(ClusterObject... objects) {
    return GatewayAddresses.assign(List.of(objects), "cluster.local").stream()
        .filter(Gateway.class::isInstance)
        .flatMap(each -> ((Gateway) each).assigned().stream())
        .map(Address::value)
        .toList();
  }

  @Test
  @DisplayName("waypoint-selection 1: a waypoint that was never ready has no address")
  void not_before_it_was_ready() {
    assertThat(assigned(gateway("istio-waypoint", List.of(), List.of()))).isEmpty();
    assertThat(assigned(gateway("istio-waypoint", List.of(), List.of()), service("wp", false)))
        .isEmpty();
  }

  @Test
  @DisplayName("waypoint-selection 2: cluster IPs, then the hostname")
  void those_of_its_service() {
    assertThat(assigned(gateway("ambit-waypoint", List.of(), List.of()), service("wp", true)))
        .containsExactly("10.96.0.9", "fd00::9", "wp.demo.svc.cluster.local");
    assertThat(
            assigned(
                gateway(
                    "ambit-waypoint",
                    List.of(),
                    List.of(),
                    "networking.istio.io/address-type",
                    "Hostname"),
                service("wp", true)))
        .containsExactly("wp.demo.svc.cluster.local");
    assertThat(
            assigned(
                gateway(
                    "ambit-waypoint",
                    List.of(),
                    List.of(),
                    "gateway.istio.io/name-override",
                    "other"),
                service("wp", true),
                service("other", true)))
        .contains("other.demo.svc.cluster.local");
  }

  @Test
  @DisplayName("waypoint-selection 10: a Gateway that names a Service has its addresses")
  void unmanaged() {
    for (String host : List.of("my-svc", "my-svc.demo.svc.cluster.local")) {
      Gateway gateway =
          gateway("istio-waypoint", List.of(new Address("Hostname", host)), List.of());
      assertThat(GatewayAddresses.unmanaged(gateway)).isTrue();
      assertThat(assigned(gateway)).isEmpty();
      assertThat(assigned(gateway, service("my-svc", false)))
          .containsExactly("10.96.0.9", "fd00::9", "my-svc.demo.svc.cluster.local");
    }
  }

  @Test
  void gateways_of_others_keep_what_their_status_says() {
    List<Address> said = List.of(new Address("IPAddress", "10.96.7.7"));
    assertThat(assigned(gateway("theirs", List.of(), said), service("wp", true)))
        .containsExactly("10.96.7.7");
    GatewayClass taken =
        new GatewayClass(metadata("istio-waypoint", Map.of()), "example.com/theirs");
    assertThat(assigned(gateway("istio-waypoint", List.of(), said), taken, service("wp", true)))
        .containsExactly("10.96.7.7");
    GatewayClass ours = new GatewayClass(metadata("mine", Map.of()), "ambit.dev/waypoint");
    assertThat(assigned(gateway("mine", List.of(), said), ours, service("wp", true)))
        .contains("10.96.0.9");
  }
}
