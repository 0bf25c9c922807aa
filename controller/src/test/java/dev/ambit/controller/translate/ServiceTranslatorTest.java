package dev.ambit.controller.translate;

import static dev.ambit.controller.translate.Objects.labels;
import static dev.ambit.controller.translate.Objects.metadata;
import static dev.ambit.controller.translate.Objects.namespace;
import static dev.ambit.controller.translate.Objects.port;
import static dev.ambit.controller.translate.Objects.service;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ambit.model.object.KubernetesService;
import dev.ambit.model.object.Metadata;
import dev.ambit.model.workload.LoadBalancing;
import dev.ambit.model.workload.LoadBalancing.HealthPolicy;
import dev.ambit.model.workload.LoadBalancing.Mode;
import dev.ambit.model.workload.LoadBalancing.Scope;
import dev.ambit.model.workload.Service;
import dev.ambit.model.workload.ServicePort.AppProtocol;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ServiceTranslatorTest {
  private static KubernetesService local(boolean local, String distribution, boolean notReady) {
    return new KubernetesService(
        metadata("a", "s", Map.of()),
        KubernetesService.Type.CLUSTER_IP,
        List.of(Objects.ip("10.96.0.1")),
        Map.of(),
        List.of(),
        List.of(),
        local,
        distribution,
        notReady);
  }

  private static LoadBalancing balancing(KubernetesService service) {
    return Derived.of(service).service("a", "s").orElseThrow().loadBalancing();
  }

  @Test
  @DisplayName("enrolment 16: an ExternalName is no service of the mesh")
  void leaves_external_names_out() {
    KubernetesService alias =
        new KubernetesService(
            metadata("a", "s", Map.of()),
            KubernetesService.Type.EXTERNAL_NAME,
            List.of(),
            labels("app=s"),
            List.of(),
            List.of(),
            false,
            "",
            false);
    Derived derived = Derived.of(alias, Objects.pod("a", "p", "10.0.0.1", "app=s"));
    assertThat(derived.view().services()).isEmpty();
    assertThat(derived.existing("a", "p").services()).isEmpty();
  }

  @Test
  @DisplayName("enrolment 17: a headless service has no addresses and is found by its name")
  void keeps_headless_services() {
    Service headless =
        Derived.of(service("a", "s", "", port("tcp", 80, 8080))).service("a", "s").orElseThrow();
    assertThat(headless.addresses()).isEmpty();
    assertThat(headless.canonical()).isTrue();
  }

  @Test
  @DisplayName("control-plane 6: publishNotReadyAddresses alone changes the health policy only")
  void publishes_not_ready_addresses() {
    assertThat(balancing(local(false, "", true)))
        .isEqualTo(new LoadBalancing(List.of(), Mode.UNSPECIFIED, HealthPolicy.ALLOW_ALL));
  }

  @Test
  @DisplayName("workload-xds §8: internalTrafficPolicy Local beats everything")
  void keeps_local_traffic_on_the_node() {
    assertThat(balancing(local(true, "PreferClose", false)))
        .isEqualTo(new LoadBalancing(List.of(Scope.NODE), Mode.STRICT, HealthPolicy.ONLY_HEALTHY));
  }

  @ParameterizedTest(name = "spec \"{0}\", annotation \"{1}\", namespace \"{2}\" -> {3} scopes")
  @DisplayName("enrolment §2: where traffic distribution is looked for")
  @CsvSource({
    "PreferClose,'','',3",
    "PreferSameZone,'','',3",
    "PreferSameNode,'','',5",
    "'',preferclose,'',3",
    "Unknown,PreferSameNode,'',5",
    "'',unknown,PreferClose,0",
    "'','',PreferClose,3",
    "'',Any,PreferClose,0",
    "'','','',0"
  })
  void finds_the_traffic_distribution(String spec, String own, String inherited, int scopes) {
    Metadata metadata =
        metadata(
            "a",
            "s",
            Map.of(),
            Map.of("networking.istio.io/traffic-distribution", own),
            Objects.LONG_AGO);
    KubernetesService service =
        new KubernetesService(
            metadata,
            KubernetesService.Type.CLUSTER_IP,
            List.of(),
            Map.of(),
            List.of(),
            List.of(),
            false,
            spec,
            false);
    var around =
        new dev.ambit.model.object.Namespace(
            metadata(
                "",
                "a",
                Map.of(),
                Map.of("networking.istio.io/traffic-distribution", inherited),
                Objects.LONG_AGO));
    LoadBalancing balancing =
        Derived.of(around, service).service("a", "s").orElseThrow().loadBalancing();
    assertThat(balancing.preference()).hasSize(scopes);
    assertThat(balancing.mode()).isEqualTo(scopes == 0 ? Mode.UNSPECIFIED : Mode.FAILOVER);
  }

  @ParameterizedTest(name = "name {0}, appProtocol {1}, port {2} -> {3}")
  @DisplayName("waypoint-selection §4: what a port speaks")
  @CsvSource({
    "http,,80,HTTP11",
    "http-web,,80,HTTP11",
    "HTTP,,80,HTTP11",
    "http2-x,,80,HTTP2",
    "grpc,,80,GRPC",
    "grpc-web-x,,80,HTTP11",
    "https,,443,TLS",
    "tcp-echo,,80,TCP",
    "web,,80,UNKNOWN",
    "mysql,,3306,TCP",
    "web,,3306,TCP",
    "tcp,kubernetes.io/h2c,80,HTTP2",
    "tcp,kubernetes.io/ws,80,HTTP11"
  })
  void reads_the_protocol(String name, String appProtocol, int number, AppProtocol expected) {
    var port =
        new KubernetesService.Port(
            name, "TCP", number, 8080, "", appProtocol == null ? "" : appProtocol);
    assertThat(AppProtocols.of(port)).isEqualTo(expected);
  }

  @Test
  void of_two_ports_with_one_number_the_tcp_one_counts() {
    var udp = new KubernetesService.Port("dns", "UDP", 53, 5353, "", "");
    var tcp = new KubernetesService.Port("dns-tcp", "TCP", 53, 5354, "", "");
    for (var ports : List.of(List.of(udp, tcp), List.of(tcp, udp))) {
      Service service =
          Derived.of(service("a", "s", "10.96.0.1", ports.toArray(KubernetesService.Port[]::new)))
              .service("a", "s")
              .orElseThrow();
      assertThat(service.ports().get(53).targetPort()).isEqualTo(5354);
    }
  }

  @Test
  void a_port_without_target_is_its_own_target() {
    Service service =
        Derived.of(service("a", "s", "10.96.0.1", port("tcp", 80, 0)))
            .service("a", "s")
            .orElseThrow();
    assertThat(service.ports().get(80).targetPort()).isEqualTo(80);
  }

  @Test
  @DisplayName("enrolment 10: a service that opts out has no waypoint and no condition")
  void opts_out_of_the_waypoint_of_its_namespace() {
    Derived derived =
        Derived.of(
            namespace("a", "istio.io/use-waypoint=wp"),
            service(
                metadata("a", "s", labels("istio.io/use-waypoint=none")), "10.96.0.1", Map.of()));
    assertThat(derived.conditions()).isEmpty();
  }

  @Test
  @DisplayName("enrolment 11: a missing waypoint is a condition, and nothing else is bound instead")
  void says_that_a_waypoint_is_not_ready() {
    Derived derived =
        Derived.of(
            namespace("a", "istio.io/use-waypoint=wp"),
            service(
                metadata("a", "s", labels("istio.io/use-waypoint=missing")),
                "10.96.0.1",
                Map.of()));
    assertThat(derived.service("a", "s").orElseThrow().waypoint()).isNull();
    assertThat(derived.conditions())
        .singleElement()
        .satisfies(condition -> {
          assertThat(condition.type()).isEqualTo("istio.io/WaypointBound");
          assertThat(condition.accepted()).isFalse();
          assertThat(condition.reason()).isEqualTo("WaypointIsNotReady");
          assertThat(condition.message()).contains("a/missing");
        });
  }

  @Test
  @DisplayName("enrolment 12: a stray use-waypoint-namespace is not read")
  void reads_the_waypoint_namespace_only_where_the_waypoint_is_named() {
    Derived derived =
        Derived.of(
            namespace("a", "istio.io/use-waypoint=wp"),
            service(
                metadata("a", "s", labels("istio.io/use-waypoint-namespace=infra")),
                "10.96.0.1",
                Map.of()));
    assertThat(derived.conditions())
        .singleElement()
        .satisfies(condition -> assertThat(condition.message()).contains("a/wp"));
  }

  @ParameterizedTest(name = "service {0}, namespace {1} -> {2}")
  @DisplayName("enrolment 15: ingress-use-waypoint; a strange value is present and false")
  @CsvSource({"maybe,true,false", "t,,true", ",true,true", "false,true,false", ",,false"})
  void reads_ingress_use_waypoint(String own, String inherited, boolean expected) {
    String key = "istio.io/ingress-use-waypoint";
    Derived derived =
        Derived.of(
            inherited == null ? namespace("a") : namespace("a", key + "=" + inherited),
            service(
                metadata("a", "s", own == null ? Map.of() : Map.of(key, own)),
                "10.96.0.1",
                Map.of()));
    assertThat(derived.service("a", "s").orElseThrow().ingressUseWaypoint()).isEqualTo(expected);
    assertThat(derived.conditions()).hasSize("maybe".equals(own) ? 1 : 0);
  }
}
